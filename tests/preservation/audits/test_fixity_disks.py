"""What disks and people really do to a root: the audit names it, and goes on with the others."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from archive_service.kernel.objects import disk
from preservation.audits.restore import restore_copy
from preservation.audits.strays import strays_run
from preservation.models import CopyState
from preservation.ocfl.layout import ROOT_FILES
from preservation.roots.markers import MARKER
from tests.archives import House
from tests.preservation.dossiers import audit, flip, incidents, keep, place, states


def second_root(house: House) -> Path:
    return house.archive.settings.data / "storage/2"


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def linked(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def bad_sector(monkeypatch: pytest.MonkeyPatch, path: Path, number: int) -> None:
    """This very file cannot be read any more; one that is written in its place can."""
    bad, read = path.stat().st_ino, FileIO.readinto

    class Sectors(FileIO):
        def readinto(self, buffer: object) -> int | None:
            if os.fstat(self.fileno()).st_ino == bad:
                raise OSError(number, os.strerror(number), str(path))
            return read(self, buffer)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "open_regular", lambda path, *, fresh: Sectors(path))


@pytest.mark.parametrize("name", ["inventory.json", "v1/inventory.json", "0=ocfl_object_1.1"])
@pytest.mark.parametrize("number", [errno.EIO, errno.EUCLEAN])
def test_a_bad_sector_below_an_inventory_does_not_stop_the_audit(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    broken, good = keep(house, 1), keep(house, 2)
    bad_sector(monkeypatch, place(house, broken) / name, number)
    report = audit(house)
    assert (report.stopped, report.checked) == ({}, 4)
    assert states(house.archive, broken)["ban-sao"] is CopyState.unreadable
    assert states(house.archive, good)["ban-sao"] is CopyState.verified
    assert [(each.path, each.found) for each in incidents(house.archive)] == [(name, os.strerror(number))]


@pytest.mark.parametrize("name", ["inventory.json", "v1/content/metadata/dossier.json"])
def test_a_file_on_a_bad_sector_is_made_good(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dossier_id = keep(house)
    bad_sector(monkeypatch, place(house, dossier_id) / name, errno.EIO)
    audit(house)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert audit(house).faults == 0


def test_a_link_in_the_place_of_an_object_does_not_stop_the_audit(house: House) -> None:
    dossier_id = keep(house)
    linked(place(house, dossier_id))
    assert audit(house).faults == 1
    assert states(house.archive, dossier_id) == {"kho-chinh": "verified", "ban-sao": "unreadable"}


def test_a_pipe_in_the_place_of_a_file_is_in_the_way_and_the_file_is_missing(house: House) -> None:
    dossier_id = keep(house)
    pipe(next((place(house, dossier_id) / "v1/content").rglob("*001.pdf")))
    audit(house)
    assert {each.kind for each in incidents(house.archive)} == {"extra", "missing"}
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.missing


def test_a_marker_that_no_parser_takes_stops_its_root_only(house: House) -> None:
    keep(house)
    (second_root(house) / MARKER).write_bytes(b"[" * 100_000)
    assert audit(house).stopped == {"ban-sao": "marker-broken"}


DAMAGE: dict[str, Callable[[Path], None]] = {"changed": flip, "missing": Path.unlink}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("key", ROOT_FILES)
def test_a_roots_own_declaration_is_audited_told_and_made_good(house: House, kind: str, key: str) -> None:
    DAMAGE[kind](second_root(house) / key)
    assert audit(house).faults == 1
    (incident,) = incidents(house.archive)
    assert (incident.kind, incident.root_id, incident.path) == (kind, "ban-sao", key)
    assert audit(house).faults == 0


@pytest.mark.parametrize("key", ["la.txt", "ocfl/la.txt", "ocfl/abc/la.txt", "ocfl/abc/def/012/x/la.txt"])
def test_a_file_that_lies_in_no_object_is_a_stray(house: House, key: str) -> None:
    keep(house)
    path = second_root(house) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert strays_run(house.archive) == 1
    (incident,) = incidents(house.archive)
    assert (incident.kind, incident.root_id) == ("extra", "ban-sao") and key.startswith(incident.path)
