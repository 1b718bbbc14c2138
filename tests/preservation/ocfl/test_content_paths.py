from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.ocfl.content_paths import ContentPaths, safe_segment

SEGMENT = re.compile(r"[A-Za-z0-9_~][A-Za-z0-9._~-]*")


@pytest.mark.parametrize("name", ["QD-15.pdf", "metadata.xml", "bagit.txt", "a", "x" * 80, "PREMIS.xml"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert safe_segment(name) == name


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("Quyết định số 15/QĐ".replace("/", "-"), "Quyet-dinh-so-15-QD~", ""),
        ("Tờ trình.PDF", "To-trinh~", ".PDF"),
        (".hidden", "hidden~", ""),
        ("con", "con~", ""),
        ("NUL.txt", "NUL~", ".txt"),
        ("ends.", "ends~", ""),
        ("a\nb.txt", "a-b~", ".txt"),
        ("x" * 300 + ".pdf", "x" * 60 + "~", ".pdf"),
        ("漢字", "~", ""),
    ],
)
def test_any_other_name_keeps_what_can_be_read(name: str, start: str, end: str) -> None:
    safe = safe_segment(name)
    assert safe.startswith(start) and safe.endswith(end) and SEGMENT.fullmatch(safe)


@pytest.mark.parametrize(
    "paths",
    [("a.pdf", "A.pdf"), ("a", "A/b"), ("A/b", "a"), ("D/x", "d/y"), ("_/x", "y"), ("é", "e\u0301")],
)
def test_names_that_differ_in_case_or_form_only_do_not_meet(paths: tuple[str, str]) -> None:
    names = ContentPaths("v1/content")
    one, other = (names.name(path).casefold() for path in paths)
    assert one != other and not one.startswith(other + "/") and not other.startswith(one + "/")


def test_a_long_path_is_put_aside() -> None:
    path = ContentPaths("v1/content").name("/".join(["folder"] * 40) + "/name.pdf")
    assert path.startswith("v1/content/_/") and path.endswith("-name.pdf")


logical = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=12).filter(
        lambda s: s not in (".", "..")
    ),
    min_size=1,
    max_size=4,
).map("/".join)


@given(st.lists(logical, unique=True, max_size=12))
def test_content_paths_are_safe_and_never_meet(paths: list[str]) -> None:
    names = ContentPaths("v1/content")
    made = [names.name(path) for path in paths]
    assert all(SEGMENT.fullmatch(segment) for path in made for segment in path.split("/"))
    assert all(len(path) <= 180 + 80 for path in made)
    folded = [path.casefold() + "/" for path in made]
    assert not [1 for one in folded for other in folded if one is not other and other.startswith(one)]
