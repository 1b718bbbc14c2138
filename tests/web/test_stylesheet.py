"""The colours as computed by the WCAG formula from the stylesheet itself, and its weight."""

from __future__ import annotations

import re

import pytest

from archive_service.web.labels import COLOURS
from archive_service.web.static import FOLDER

CSS = (FOLDER / "archive.css").read_text()
DARK = (FOLDER / "dark.css").read_text()
TEXT, EDGE = 4.5, 3.0
PAGES = ("page", "panel", "head")


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6});", css))


SCHEMES = {"light": tokens(CSS), "dark": tokens(DARK)}


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, 1.4.3.

    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def pairs() -> list[tuple[str, str, float]]:
    text = [(name, back, TEXT) for name in ("ink", "soft", "link", "visited") for back in PAGES]
    edges = [(name, back, EDGE) for name in ("edge", "focus") for back in ("page", "panel")]
    tags = [(colour, f"{colour}-back", TEXT) for colour in sorted(COLOURS)]
    charts = [(f"chart-{place}", "page", TEXT) for place in range(1, 5)]
    others = [
        ("on-primary", "primary", TEXT),
        ("on-danger-button", "danger-button", TEXT),
        ("primary", "page", EDGE),
        ("danger-button", "page", EDGE),
        ("ink", "hit", TEXT),
        ("on-bar", "bar", TEXT),
        ("focus-bar", "bar", EDGE),
        ("danger", "page", TEXT),
        ("working", "working-back", TEXT),
        ("ink", "working-back", TEXT),
        ("soft", "working-back", TEXT),
        ("link", "working-back", TEXT),
    ]
    return text + edges + tags + charts + others


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "back", "least"), pairs())
def test_contrast_is_enough(scheme: str, front: str, back: str, least: float) -> None:
    ratio = contrast(SCHEMES[scheme][front], SCHEMES[scheme][back])
    assert ratio >= least, f"{front} on {back}: {ratio:.2f}"


def test_the_formula_refuses_grey_on_grey() -> None:
    assert round(contrast("#777777", "#FFFFFF"), 2) == 4.48
    assert contrast("#999999", "#888888") < EDGE


def test_dark_and_light_have_the_same_tokens() -> None:
    assert SCHEMES["light"].keys() == SCHEMES["dark"].keys()


def test_every_variable_that_is_used_is_declared() -> None:
    declared = set(re.findall(r"--([a-z0-9-]+):", CSS))
    assert set(re.findall(r"var\(--([a-z0-9-]+)", CSS)) <= declared


def test_no_colour_stands_outside_the_tokens() -> None:
    rules = re.sub(r"--[a-z0-9-]+: #[0-9A-F]{6};", "", CSS)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", rules) == []


def test_the_stylesheets_and_the_script_stay_light() -> None:
    assert len(CSS.encode()) + len(DARK.encode()) <= 30_000
    assert (FOLDER / "archive.js").stat().st_size <= 10_000


def test_what_clips_leaves_room_for_the_marks() -> None:
    """Under 1.47 the lines of this font touch; at 1.6 an input shows Ẳ without its hook."""
    for selector in (r"input, select, textarea, button, \.button", r"\.tag", r"\.chip", r"\.two-lines"):
        rule = re.search(rf"^{selector} \{{([^}}]*)\}}", CSS, re.MULTILINE)
        assert rule and "line-height: 1.75" in rule.group(1), selector


def test_letters_are_never_recased_or_spaced() -> None:
    assert "text-transform" not in CSS and "letter-spacing" not in CSS
    assert set(re.findall(r"font-weight: (\d+)", CSS)) == {"400", "600"}
