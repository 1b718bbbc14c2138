"""Backup, restore, drills and the cross-check as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive_service.worker import drain
from tests.archives import House, make_house
from tests.cli.terminal import Terminal
from tests.preservation.dossiers import keep


@pytest.fixture
def ready(archive: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, Path]:
    """One dossier, two media that are prepared, and a key."""
    house: House = make_house(tmp_path)
    keep(house)
    drain(house.archive)
    house.archive.close()
    said = archive("backup", "key", "-o", tmp_path / "khoa.txt", "--json")
    media = [{"id": name, "url": (tmp_path / name).as_uri()} for name in ("dia-a", "dia-b")]
    monkeypatch.setenv("ARCHIVE_BACKUP", json.dumps(media))
    monkeypatch.setenv("ARCHIVE_BACKUP_RECIPIENTS", json.dumps([json.loads(said.out)["recipient"]]))
    assert [archive("backup", "prepare", name).code for name in ("dia-a", "dia-b")] == [0, 0]
    return archive, tmp_path


def test_a_whole_archive_passes_the_cross_check_and_a_broken_one_does_not(
    ready: tuple[Terminal, Path],
) -> None:
    archive, folder = ready
    assert archive("invariants").code == 0
    next((folder / "var/storage/2/ocfl").rglob("dossier.json")).unlink()
    said = archive("invariants", "--json")
    told = json.loads(said.out)["breaches"]
    assert said.code == 1 and [each["code"] for each in told] == ["description-missing"]
    assert "Restore this copy" in told[0]["todo"]


def test_the_life_of_a_backup(ready: tuple[Terminal, Path]) -> None:
    """Made, listed, verified, papers, drills; the database is lost, restored, and everything says the same."""
    archive, folder = ready
    made = json.loads(archive("backup", "run", "--json").out)
    assert made["media"] == {"dia-a": "", "dia-b": ""}
    assert len(json.loads(archive("backup", "list", "--json").out)) == 2
    key = folder / "khoa.txt"
    assert archive("backup", "verify", made["set_id"], "--identity", key).code == 0
    for words in (("log",), ("minutes",)):
        assert archive("backup", *words, "-o", folder / f"{words[0]}.pdf").code == 0
    assert archive("drill", "restore", "--identity", key, "--minutes", folder / "d1.pdf").code == 0
    assert json.loads(archive("drill", "rebuild", "--json", "--minutes", folder / "d2.pdf").out)["passed"]
    (folder / "var/archive.db").rename(folder / "hong.db")
    for left in folder.glob("var/archive.db-*"):
        left.unlink()
    into = f"sqlite:///{folder / 'phuc-hoi.db'}"
    words = ("restore", "--identity", key, "--into", into, "--minutes", folder / "bb.pdf", "--json")
    said = archive(*words)
    assert (said.code, json.loads(said.out)["newer"]["stored"]) == (1, 0)  # the drills anchored the log since
    assert archive(*words[:-3]).code == 2  # the target is not empty now
    said = archive("rebuild", "--carry", into, "--json")
    assert said.code == 0 and json.loads(said.out)["carried"]["password"] == 2
    assert archive("invariants").code == 0
    assert all((folder / name).read_bytes().startswith(b"%PDF") for name in ("d1.pdf", "d2.pdf", "bb.pdf"))


def test_what_cannot_be_done_is_one_sentence_and_code_2(ready: tuple[Terminal, Path]) -> None:
    archive, folder = ready
    assert archive("backup", "run", "--incremental").code == 2
    archive("backup", "run")
    (folder / "khac.txt").write_text("không phải khóa")
    assert archive("drill", "restore", "--identity", folder / "khac.txt").code == 2
    archive("backup", "key", "-o", folder / "la.txt")
    said = archive("restore", "--identity", folder / "la.txt", "--into", f"sqlite:///{folder / 'x.db'}")
    assert said.code == 2 and "does not open the backup" in said.err and not (folder / "x.db").exists()
    assert archive("backup", "prepare", "khong-co").code == 2


def test_a_damaged_set_is_exit_code_1(ready: tuple[Terminal, Path]) -> None:
    archive, folder = ready
    archive("backup", "run")
    path = next((folder / "dia-a").rglob("database.age"))
    path.write_bytes(path.read_bytes()[:-1])
    assert archive("backup", "verify", "--medium", "dia-a").code == 1
    assert archive("backup", "verify", "--medium", "dia-b").code == 0


def test_minutes_that_were_changed_are_told_and_hinder_no_restore(ready: tuple[Terminal, Path]) -> None:
    archive, folder = ready
    archive("backup", "run")
    path = next((folder / "dia-a").rglob("minutes.pdf"))
    path.write_bytes(path.read_bytes().replace(b"%PDF", b"%PDE", 1))
    said = archive("backup", "verify", "--medium", "dia-a")
    assert said.code == 1 and "minutes.pdf: sha256" in said.out
    drilled = ("drill", "restore", "--medium", "dia-a", "--identity", folder / "khoa.txt")
    assert archive(*drilled).code == 0


def test_without_media_a_backup_is_not_possible(archive: Terminal, tmp_path: Path) -> None:
    archive("init")
    said = archive("backup", "run")
    assert said.code == 2 and "No backup is set up" in said.err
