from __future__ import annotations

from pathlib import Path

import pytest

import archive_service
from archive_service.regulations import load
from archive_service.regulations.producer_pages import pages

PROJECT = Path(archive_service.__file__).parent.parent
PRODUCERS = PROJECT / "docs" / "producers"


@pytest.mark.parametrize("name", ["findings.md", "fields.md"])
def test_the_page_for_producers_says_what_the_tables_say(name: str) -> None:
    made = pages(load())[name]
    told = "run: python -m archive_service.regulations.producer_pages docs/producers"
    assert (PRODUCERS / name).read_text(encoding="utf-8") == made, told


def test_every_finding_is_raised_in_some_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    assert [code for code in load().messages if f'"{code}"' not in tests] == []


def test_the_published_schema_and_profile_are_the_shipped_ones() -> None:
    shipped = PROJECT / "preservation" / "description"
    page = (PRODUCERS / "index.md").read_text(encoding="utf-8")
    for name in ("dossier-1.xsd", "bagit-profile-1.json"):
        assert (shipped / name).is_file()
        assert name in page
