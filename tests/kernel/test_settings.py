"""A wrong setting stops the start, with its name and what was expected; each is documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import Credentials, OfficeHours, Root, Settings, load_settings

DOCUMENTED = Path(__file__).parents[2] / "docs/operating/settings.md"
ONE = {"id": "mot", "url": "file:///a", "failure_domain": "1"}
TWO = {"id": "hai", "url": "file:///b", "failure_domain": "2"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No archive.toml and no variable of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("ARCHIVE_CONFIG", "ARCHIVE_DATA"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"database": "mysql://a/b"}, "database"),
        ({"queue": "kafka://a"}, "queue"),
        ({"search": "ftp://a"}, "search"),
        ({"malware": "http://a"}, "malware"),
        ({"language": "fr"}, "language"),
        ({"required_copies": 0}, "required_copies"),
        ({"colour": "blue"}, "colour"),
        ({"storage": [ONE, ONE]}, "each root needs an id"),
        ({"storage": [ONE, {**TWO, "failure_domain": "1"}]}, "at least 2 failure domains"),
        ({"storage": [ONE, {**TWO, "role": "offline"}]}, "at least 2 failure domains"),
        ({"storage": [ONE, {**TWO, "credentials": "s3"}]}, "no entry named s3"),
        ({"storage": [{**ONE, "url": "ftp://a"}, TWO]}, "storage.0.url"),
        ({"office_hours": {"days": [8]}}, "office_hours.days.0"),
        ({"office_hours": {"closed_days": ["31/02/2026"]}}, "office_hours.closed_days.0"),
        ({"office_hours": {"holidays": ["29/02"]}}, "office_hours.holidays.0"),
        (
            {"office_hours": {"spans": [["13:30", "17:00"], ["07:30", "11:30"]]}},
            "spans: expected times in order",
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(NotPossible, match=re.escape(told)):
        load_settings(**wrong)


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_DATABSE", "sqlite:///a.db")
    with pytest.raises(NotPossible, match="ARCHIVE_DATABSE"):
        load_settings()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "archive.toml").write_text('name = "Tệp"\nagency = "Tệp"\n')
    monkeypatch.setenv("ARCHIVE_NAME", "Môi trường")
    found = load_settings()
    assert (found.name, found.agency) == ("Môi trường", "Tệp")


def test_without_any_setting_the_archive_keeps_two_copies_in_folders() -> None:
    found = load_settings()
    assert [root.url.startswith("file:///") for root in found.storage] == [True, True]
    assert found.database.startswith("sqlite:///")


def test_a_secret_is_not_shown() -> None:
    found = load_settings(
        search_password="bi-mat", credentials={"s3": {"access_key": "a", "secret_key": "bi-mat"}}
    )
    assert "bi-mat" not in repr(found)


def test_every_setting_is_documented() -> None:
    told = DOCUMENTED.read_text()
    models = (Settings, Root, Credentials, OfficeHours)
    names = [name for model in models for name in model.model_fields]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_nothing_is_documented_that_cannot_be_set() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENTED.read_text(), re.MULTILINE)
    known = {*Settings.model_fields, *Root.model_fields, *Credentials.model_fields, *OfficeHours.model_fields}
    assert [name for name in rows if name not in known] == []
