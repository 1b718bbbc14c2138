"""A newcomer finds for every library why it was taken."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAME = re.compile(r"^[\w.-]+")


def libraries() -> list[str]:
    extras = [each for group in PROJECT["optional-dependencies"].values() for each in group]
    return [found[0].lower() for each in [*PROJECT["dependencies"], *extras] if (found := NAME.match(each))]


def unexplained(names: list[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text.lower())]


def test_every_library_has_its_decision() -> None:
    told = "\n".join(path.read_text() for path in (ROOT / "docs/decisions").glob("*.md"))
    assert len(libraries()) > 40
    assert unexplained(libraries(), told) == []


def test_a_library_without_a_decision_is_found() -> None:
    assert unexplained(["httpx", "httpx2", "lxml-stubs"], "We took HTTPX and lxml.") == [
        "httpx2",
        "lxml-stubs",
    ]
