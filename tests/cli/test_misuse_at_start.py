"""`archive serve` on a root that is not as it must be: told at start, by name, and nothing is written there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import func, select

from archive_service.cli.frame import opened
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job
from archive_service.worker import drain
from preservation.audits.root_files import foreign_at_top
from preservation.roots.markers import MARKER, anchor_log
from preservation.watch_models import Incident
from tests.cli.terminal import Terminal

Misuse = Callable[[Path, Terminal], object]


def root(folder: Path, number: int = 2) -> Path:
    return folder / "var/storage" / str(number)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def served(archive: Terminal, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was served: an archive that was set up, its web server replaced by this list."""
    assert archive("init").code == 0
    found: list[object] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **_: found.append(app))
    return found


def another_archives_root(folder: Path, archive: Terminal) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVE_DATA", str(folder / "other"))
        assert archive("init").code == 0
    shutil.rmtree(root(folder))
    shutil.copytree(folder / "other/storage/2", root(folder))


def another_root_of_ours(folder: Path, archive: Terminal) -> None:
    shutil.rmtree(root(folder))
    shutil.copytree(root(folder, 1), root(folder))


def an_old_database(folder: Path, archive: Terminal) -> None:
    shutil.copy(folder / "var/archive.db", folder / "old.db")
    with opened() as found:
        anchor_log(found)
    for each in folder.glob("var/archive.db*"):
        each.unlink()
    shutil.copy(folder / "old.db", folder / "var/archive.db")


def an_encryption_that_was_changed(folder: Path, archive: Terminal) -> None:
    marker = json.loads((root(folder) / MARKER).read_text())
    (root(folder) / MARKER).write_text(json.dumps(marker | {"encrypted": True}))


STOPS: dict[str, Misuse] = {
    "foreign-root": another_archives_root,
    "foreign-root ": another_root_of_ours,
    "old-database": an_old_database,
    "encryption-changed": an_encryption_that_was_changed,
}


@pytest.mark.parametrize("name", STOPS)
def test_what_stops_the_start_is_named_and_nothing_is_written(
    archive: Terminal, served: list[object], tmp_path: Path, name: str
) -> None:
    STOPS[name](tmp_path, archive)
    before = bytes_of(tmp_path / "var/storage")
    said = archive("serve")
    assert (said.code, served) == (2, [])
    told = (
        "older than" if "old" in name else "begun with" if "encryption" in name else "another archive or root"
    )
    assert told in said.err
    assert bytes_of(tmp_path / "var/storage") == before


def test_foreign_files_in_a_new_root_stop_its_setting_up(
    archive: Terminal, served: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/thu.txt").write_text("x")
    tables = [
        {"id": each, "url": (tmp_path / place).as_uri(), "failure_domain": each}
        for each, place in (("kho-chinh", "var/storage/1"), ("ban-sao", "var/storage/2"), ("moi", "new"))
    ]
    monkeypatch.setenv("ARCHIVE_STORAGE", json.dumps(tables))
    said = archive("init")
    assert said.code == 2 and "thu.txt" in said.err
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["thu.txt"]


def test_foreign_files_in_a_root_in_use_are_named_and_the_archive_works_on(
    archive: Terminal, served: list[object], tmp_path: Path
) -> None:
    (root(tmp_path) / "thu.txt").write_text("x")
    (root(tmp_path) / "anh").mkdir()
    (root(tmp_path) / "anh/1.jpg").write_text("x")
    (root(tmp_path) / "tat").symlink_to("/etc")
    said = archive("serve")
    assert (said.code, len(served)) == (0, 1)
    assert all(f"Root ban-sao: {name}" in said.err for name in ("thu.txt", "anh", "tat"))
    assert "kho-chinh" not in said.err and (root(tmp_path) / "anh/1.jpg").read_text() == "x"
    with opened() as found:
        drain(found)
        with found.look(THE_ARCHIVE) as work:
            told = set(work.session.scalars(select(Incident.path).where(Incident.kind == "extra")))
    assert {"thu.txt", "anh/1.jpg"} <= told


def test_an_archive_in_order_starts_without_a_word_and_owes_no_walk(
    archive: Terminal, served: list[object]
) -> None:
    said = archive("serve")
    assert (said.code, said.err, len(served)) == (0, "", 1)
    with opened() as found:
        assert foreign_at_top(found) == []
        with found.look(THE_ARCHIVE) as work:
            walks = select(func.count()).where(Job.kind == "strays_run")
            assert work.session.scalar(walks) == 0


def test_many_foreign_files_are_counted(archive: Terminal, served: Sequence[object], tmp_path: Path) -> None:
    for n in range(25):
        (root(tmp_path) / f"{n:02}.txt").write_text("x")
    assert "… and 5 more." in archive("serve").err
