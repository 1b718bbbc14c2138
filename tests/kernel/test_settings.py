"""A wrong setting stops the start, with its name and what was expected; each is documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from archive_service import work
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.setting import KeystoreSettings
from archive_service.kernel.setting_tables import Incidents, Mail, Medium, Metrics, OfficeHours, Webhook
from archive_service.kernel.settings import Credentials, Root, Settings, load_settings

DOCUMENTED = Path(__file__).parents[2] / "docs/operating/settings.md"
ONE = {"id": "mot", "url": "file:///a", "failure_domain": "1"}
DISK, TAPE = {"id": "d1", "url": "file:///d1"}, {"id": "d2", "url": "file:///d2"}
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
        ({"database": "mysql://a/b"}, "database: expected sqlite:///file or postgresql+psycopg://"),
        ({"database": "archive.db"}, "database: expected"),
        ({"database": "sqlite:///:memory:"}, "database: expected"),
        ({"database": "postgresql+psycopg://h:port/x"}, "database: expected"),
        ({"queue": "kafka://a"}, "queue: expected in-process or redis://host:port"),
        ({"queue": "redis"}, "queue: expected"),
        ({"queue": "redis://"}, "queue: expected"),
        ({"search": "ftp://a"}, "search: expected embedded or http://host:port"),
        ({"search": "http://h:99999"}, "search: expected"),
        ({"malware": "http://a"}, "malware: expected none or clamd://host:port"),
        ({"malware": "clamd://h:abc"}, "malware: expected"),
        ({"staging": "/cho"}, "staging: expected file:///folder or s3://bucket/prefix"),
        ({"language": "fr"}, "language"),
        ({"required_copies": 0}, "required_copies"),
        ({"password_minutes": 16}, "password_minutes"),
        ({"grant_delay_hours": 23}, "grant_delay_hours"),
        ({"fixity_days": 10**12}, "fixity_days"),
        ({"colour": "blue"}, "colour"),
        ({"trust": ["/no/such.pem"]}, "trust.0: expected a PEM file"),
        ({"trust": [__file__]}, "trust.0: expected a PEM file"),
        ({"data": __file__}, "data: expected a folder"),
        ({"watch": "/nhan"}, "watch, watch_account: expected both"),
        ({"storage": [ONE, ONE]}, "each root needs an id"),
        ({"storage": [ONE, {**TWO, "failure_domain": "1"}]}, "at least 2 failure domains"),
        ({"storage": [ONE, {**TWO, "role": "offline"}]}, "at least 2 failure domains"),
        ({"storage": [ONE, {**TWO, "failure_domain": " "}]}, "storage.1.failure_domain"),
        ({"storage": [ONE, {**TWO, "credentials": "s3"}]}, "no entry named s3"),
        ({"storage": [{**ONE, "url": "ftp://a"}, TWO]}, "storage.0.url: expected file:///folder"),
        ({"storage": [{**ONE, "url": "file://a/b"}, TWO]}, "storage.0.url: expected file:///folder"),
        ({"storage": [{**ONE, "url": "s3://b?endpoint=h"}, TWO]}, "endpoint=https://host:port"),
        ({"storage": [{**ONE, "url": "s3://b?endpont=http://h"}, TWO]}, "no other options"),
        ({"office_hours": {"days": [8]}}, "office_hours.days.0"),
        ({"office_hours": {"closed_days": ["31/02/2026"]}}, "office_hours.closed_days.0"),
        ({"office_hours": {"holidays": ["29/02"]}}, "office_hours.holidays.0"),
        (
            {"office_hours": {"spans": [["13:30", "17:00"], ["07:30", "11:30"]]}},
            "spans: expected times in order",
        ),
        ({"backup": [DISK], "backup_recipients": ["age1x"]}, "at least two media"),
        ({"backup": [DISK, DISK], "backup_recipients": ["age1x"]}, "at least two media"),
        ({"backup": [DISK, TAPE]}, "backup_recipients"),
        ({"backup": [DISK, {**TAPE, "url": "file:///d1/in"}], "backup_recipients": ["age1x"]}, "apart"),
        (
            {"backup": [DISK, {**TAPE, "url": "file:///v/in"}], "backup_recipients": ["age1x"], "data": "/v"},
            "apart",
        ),
        (
            {
                "storage": [ONE, TWO],
                "backup": [DISK, {**TAPE, "url": "file:///a"}],
                "backup_recipients": ["age1x"],
            },
            "apart",
        ),
        (
            {"backup": [DISK, {**TAPE, "credentials": "s9"}], "backup_recipients": ["age1x"]},
            "no entry named s9",
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(NotPossible, match=re.escape(told)):
        load_settings(**wrong)


@pytest.mark.parametrize("name", ["ARCHIVE_DATABSE", "archive_databse", "ARCHIVE_DATA__BASE"])
def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "sqlite:///a.db")
    with pytest.raises(NotPossible, match=name):
        load_settings()


def test_a_variable_that_is_no_json_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_TRUST", "/ca.pem")
    with pytest.raises(NotPossible, match=r'"trust".*expected JSON'):
        load_settings()


@pytest.mark.parametrize("text", [b"name = ", b'name = "\xff"'])
def test_a_file_that_is_no_toml_is_refused_by_its_name(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "archive.toml").write_bytes(text)
    with pytest.raises(NotPossible, match=r"archive\.toml: expected TOML"):
        load_settings()


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / "archive.toml").mkdir()
    with pytest.raises(NotPossible, match="expected a file"):
        load_settings()


def test_delete_credentials_open_the_root_for_erasing_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"ghi": {"access_key": "W", "secret_key": "w"}, "xoa": {"access_key": "D", "secret_key": "d"}}
    root = {**ONE, "url": "s3://kho?endpoint=http://h:1", "credentials": "ghi", "delete_credentials": "xoa"}
    opened: list[str | None] = []
    monkeypatch.setattr(work, "open_store", lambda url, access_key=None, **_: opened.append(access_key))
    archive = work.Archive(load_settings(storage=[root, TWO], credentials=keys, database="sqlite:///a.db"))
    assert opened == ["W", None, None]
    archive.eraser("mot")
    assert opened[3:] == ["D"] and archive.eraser("hai") is archive.stores["hai"]


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


MODELS = (
    Settings,
    Root,
    Credentials,
    OfficeHours,
    Medium,
    Incidents,
    Webhook,
    Mail,
    Metrics,
    KeystoreSettings,
)


def test_every_setting_is_documented() -> None:
    told = DOCUMENTED.read_text()
    names = [name for model in MODELS for name in model.model_fields]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_nothing_is_documented_that_cannot_be_set() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENTED.read_text(), re.MULTILINE)
    known = {name for model in MODELS for name in model.model_fields}
    assert [name for name in rows if name not in known] == []


def roots_of(*encrypted: bool | None, role: str = "replica") -> list[dict[str, object]]:
    return [
        {"id": f"r{n}", "url": f"file:///kho/{n}", "failure_domain": str(n), "encrypted": each, "role": role}
        for n, each in enumerate(encrypted)
    ]


def test_one_root_at_least_is_readable_without_a_key() -> None:
    with pytest.raises(NotPossible, match="encrypted = false"):
        load_settings(storage=roots_of(True, True))
    assert [root.sealed for root in load_settings(storage=roots_of(True, False)).storage] == [True, False]


def test_an_offline_root_is_encrypted_unless_said_otherwise() -> None:
    roots = [*roots_of(None, None), {**roots_of(None, role="offline")[0], "id": "ket", "url": "file:///ket"}]
    assert [root.sealed for root in load_settings(storage=roots).storage] == [False, False, True]
    roots[2]["encrypted"] = False
    assert not load_settings(storage=roots).storage[2].sealed


@pytest.mark.parametrize("places", [["/a"], ["/a", "/a"], ["/a", "/a/b"]])
def test_the_keystore_has_two_places_apart(places: list[str]) -> None:
    with pytest.raises(NotPossible, match=r"keystore.places"):
        load_settings(keystore={"places": places})


def test_an_escrow_is_a_recipient() -> None:
    with pytest.raises(NotPossible, match="expected age1"):
        load_settings(keystore={"escrow": ["age1nonsense"]})
