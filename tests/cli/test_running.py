"""Setting up, and the runs that a timetable of the operating system may start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from archive_service.cli.frame import opened
from archive_service.initialise import TIMETABLES, initialise
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.jobs import Timetable
from archive_service.worker import drain
from preservation.models import Dossier
from tests.archives import House, make_house
from tests.cli.terminal import Terminal
from tests.sending import packed, stored


def test_init_shows_only_the_password_that_it_made(archive: Terminal, tmp_path: Path) -> None:
    said = archive("init", "--head", "dungdau=Nguyễn Văn Đứng")
    assert said.code == 0
    assert "Mat-khau-1" not in said.out
    assert "dungdau: password " in said.out
    assert (tmp_path / "var/keys/log.pem").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARCHIVE_DATA", str(tmp_path / "file/var"))
    said = archive("init")
    assert (said.code, "file/var" in said.err) == (2, True)


def test_init_that_was_refused_for_a_weak_password_can_be_run_again(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INIT_ADMINISTRATOR_PASSWORD", "ngan")
    assert archive("init").code == 2
    monkeypatch.delenv("INIT_ADMINISTRATOR_PASSWORD")
    said = archive("init")
    assert (said.code, "quantri: password " in said.out, "dungdau: password " in said.out) == (0, True, True)


def test_init_again_changes_nothing(archive: Terminal) -> None:
    archive("init")
    said = archive("init")
    assert (said.code, "password" in said.out) == (0, False)


def test_the_first_people_are_in_storage_before_init_ends(archive: Terminal, tmp_path: Path) -> None:
    archive("init", "--head", "dungdau=Nguyễn Văn Đứng")
    (tmp_path / "var/archive.db").unlink()
    said = archive("rebuild", "--new-password", "dungdau", "--json")
    told = json.loads(said.out)
    assert (said.code, told["rows"]["person"], told["without_password"]) == (0, 2, 1)
    assert archive("log", "verify").code == 0


def test_a_rebuild_that_brings_back_nobody_is_not_good(archive: Terminal, tmp_path: Path) -> None:
    with opened(ready=False) as fresh:
        initialise(fresh)
    said = archive("rebuild")
    assert said.code == 1 and "nobody can sign in" in said.out


def test_a_password_for_nobody_known_is_refused_by_name(archive: Terminal) -> None:
    archive("init")
    said = archive("rebuild", "--new-password", "quantir")
    assert said.code == 2 and said.err.endswith("No root knows an account quantir.\n")


def test_init_again_brings_the_timetables_of_a_new_version(archive: Terminal) -> None:
    archive("init")
    with opened() as old, old.work(OPERATOR) as work:
        work.session.execute(delete(Timetable).where(Timetable.kind == "strays_run"))
    archive("init")
    with opened() as new, new.look(OPERATOR) as work:
        assert set(work.session.scalars(select(Timetable.kind))) == set(TIMETABLES)


@pytest.mark.parametrize("words", [("fixity", "run"), ("log", "verify"), ("serve",), ("signatures", "run")])
def test_without_init_nothing_runs(archive: Terminal, words: tuple[str, ...]) -> None:
    said = archive(*words)
    assert (said.code, said.err) == (2, "The archive is not set up yet. Run `archive init`.\n")


def test_a_worker_needs_a_broker(archive: Terminal) -> None:
    assert [archive(each).code for each in ("worker", "beat")] == [2, 2]


def test_a_wrong_setting_is_one_sentence(archive: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_QUEUE", "kafka://a")
    said = archive("settings")
    assert said.code == 2 and said.err.startswith("Wrong setting: queue")


def test_a_misspelt_setting_is_named_in_vietnamese(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (file := tmp_path / "sai.toml").write_text('requird_copies = 2\nworkers = "hai"\n')
    monkeypatch.setenv("ARCHIVE_CONFIG", str(file))
    said = archive("--language", "vi", "settings")
    assert said.code == 2
    assert said.err == "Cài đặt sai: workers: cần một số nguyên; requird_copies: không có cài đặt này\n"


def test_settings_are_shown_without_their_secrets(archive: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_QUEUE", "redis://:bi-mat@redis:6379/0")
    monkeypatch.setenv("ARCHIVE_SEARCH_PASSWORD", "bi-mat")
    monkeypatch.setenv("ARCHIVE_CREDENTIALS__S3__ACCESS_KEY", "khoa")
    monkeypatch.setenv("ARCHIVE_CREDENTIALS__S3__SECRET_KEY", "bi-mat")
    said = archive("settings", "--json")
    assert json.loads(said.out)["queue"] == "redis://:***@redis:6379/0"
    assert "bi-mat" not in said.out


def test_settings_are_lines_without_the_signs_of_a_language_for_programs(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_FIXITY_HOURS", '["22:00", "05:00"]')
    monkeypatch.setenv("ARCHIVE_OFFICE_HOURS__SPANS", '[["07:00", "11:00"], ["13:00", "16:00"]]')
    lines = archive("settings").out.splitlines()
    assert "storage.2.id = ban-sao" in lines and "fixity_hours = 22:00:00, 05:00:00" in lines
    assert {"watch =", "webhooks =", "demo = false"} <= set(lines)
    assert "office_hours.spans.2 = 13:00:00, 16:00:00" in lines
    assert [line for line in lines if "None" in line or "{" in line or "[" in line] == []


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Dossier]:
    """An archive that holds one dossier."""
    folder = tmp_path_factory.mktemp("house")
    house = make_house(folder)
    return house, stored(house, packed(folder))


def test_the_whole_of_what_is_kept_is_run_over(
    archive: Terminal, kept: tuple[House, Dossier], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house, dossier = kept
    monkeypatch.setenv("ARCHIVE_DATA", str(house.archive.settings.data))
    run = archive("fixity", "run", "--all", "--json")
    assert (run.code, json.loads(run.out)["checked"]) == (0, 2)
    assert archive("export", dossier.id, "-o", tmp_path / "dip.zip").code == 0
    assert archive("bag", "check", tmp_path / "dip.zip").code == 0
    assert archive("export", house.unit.id, "-o", tmp_path / "x").code == 2
    assert archive("log", "export", "-o", tmp_path / "log.jsonl").code == 0
    (tmp_path / "key.pem").write_text(archive("log", "key").out)
    marker = house.archive.settings.data / "storage/1/archive-root.json"
    words = (
        *("log", "verify", tmp_path / "log.jsonl"),
        *("--key", tmp_path / "key.pem", "--anchors", marker),
    )
    assert [archive("log", "verify").code, archive(*words).code] == [0, 0]
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    (tmp_path / "log.jsonl").write_text("\n".join([*lines[:3], *lines[4:]]))
    assert (said := archive(*words)).code == 1
    assert "Entry 3: An entry of the log was removed (removed)." in said.out
    assert "Mục 3: Một mục nhật ký bị lấy đi (removed)." in archive("--language", "vi", *words).out


def test_a_lost_database_is_rebuilt_from_storage(
    archive: Terminal, kept: tuple[House, Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, dossier = kept
    monkeypatch.setenv("ARCHIVE_DATA", str(house.archive.settings.data))
    drain(house.archive)
    house.archive.close()
    said = archive("rebuild", "--new-password", "quantri", "--json")
    told = json.loads(said.out)
    assert told["dossiers"] == 1 and set(told["new_passwords"]) == {"quantri"}
    assert archive("export", dossier.id, "-o", "dip").code == 0


def test_a_damaged_copy_ends_the_run_with_1(
    archive: Terminal, kept: tuple[House, Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = kept
    monkeypatch.setenv("ARCHIVE_DATA", str(house.archive.settings.data))
    root = house.archive.settings.data / "storage/1/ocfl"
    file = next(path for path in root.rglob("*.pdf"))
    file.chmod(0o600)
    file.write_bytes(b"changed")
    assert archive("fixity", "run", "--all").code == 1
    assert archive("ocfl", "check", root.parent).code == 1
