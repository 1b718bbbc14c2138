"""A root that is added, a medium that is changed, a disk in a safe: everything arrives, proven, and can be checked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import select

import preservation.offline.check_set
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry
from archive_service.kernel.settings import Root, Settings
from archive_service.work import Archive
from preservation.aips.erase import erase
from preservation.audits.fixity import fixity_run
from preservation.audits.strays import strays_run
from preservation.models import Copy, CopyState, Dossier
from preservation.offline import MANIFEST
from preservation.replication import bring
from preservation.replication.bring import bring_root
from preservation.replication.media_change import change_medium
from preservation.replication.offline_set import (
    CHANGING,
    _write_manifest,
    check_set,
    export_set,
    manifest_sha512,
)
from preservation.roots.markers import check_roots, prepare_roots
from tests.archives import House
from tests.judges.java import Verdict
from tests.preservation.dossiers import incidents, keep, place, states


def sized(path: Path) -> int:
    return path.stat().st_size


def first(house: House) -> UUID:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Dossier.id).order_by(Dossier.code).limit(1)).one()


@pytest.fixture
def wider(house: House, tmp_path: Path) -> Iterator[House]:
    """Two dossiers stored, then a third root, an offline one, set in the settings."""
    keep(house)
    keep(house, 2)
    old = house.archive.settings
    third = Root(id="dia-3", url=(tmp_path / "dia 3").as_uri(), failure_domain="ket sat", role="offline")
    archive = Archive(Settings(data=old.data, storage=[*old.storage, third]), house.clock)
    house.archive.close()
    house.archive = archive
    yield house
    archive.close()


def test_a_root_that_is_added_gets_every_copy_and_tells_how_far_it_is(wider: House) -> None:
    told: list[tuple[int, int]] = []
    found = bring_root(wider.archive, OPERATOR, "dia-3", lambda done, total, left: told.append((done, total)))
    assert (found.made, found.copies, found.failed, told) == (2, 2, {}, [(1, 2), (2, 2)])
    assert bring_root(wider.archive, OPERATOR, "dia-3").made == 0


def test_one_copy_that_cannot_be_made_stays_owed_and_is_made_the_next_time(wider: House) -> None:
    make, calls = bring.make_copy, []

    def once(archive: Archive, dossier_id: str, root_id: str) -> None:
        calls.append(dossier_id)
        if len(calls) == 1:
            raise TryLater("x", "busy")
        make(archive, dossier_id, root_id)

    with patch.object(bring, "make_copy", once):
        found = bring_root(wider.archive, OPERATOR, "dia-3")
    assert (found.made, list(found.failed)) == (1, [calls[0]])
    assert bring_root(wider.archive, OPERATOR, "dia-3").copies == 2


def test_a_root_that_is_owed_its_copy_is_no_source(wider: House) -> None:
    """After a rebuild from one root nothing is verified yet, and all others are owed theirs."""
    dossier_id = first(wider)
    shutil.rmtree(place(wider, dossier_id, "ban-sao"))
    with wider.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Copy, (dossier_id, "ban-sao")).state = CopyState.owed
        work.session.get_one(Copy, (dossier_id, "kho-chinh")).state = CopyState.not_checked
    assert bring_root(wider.archive, OPERATOR, "dia-3").failed == {}
    assert states(wider.archive, dossier_id)["dia-3"] is CopyState.verified


def test_a_root_of_others_gets_nothing(wider: House, tmp_path: Path) -> None:
    (tmp_path / "dia 3").mkdir()
    (tmp_path / "dia 3" / "thu.txt").write_text("x")
    with pytest.raises(NotPossible) as refused:
        bring_root(wider.archive, OPERATOR, "dia-3")
    assert refused.value.name == "foreign-files"
    assert [path.name for path in (tmp_path / "dia 3").iterdir()] == ["thu.txt"]


def test_a_change_of_medium_ends_with_minutes(wider: House) -> None:
    found, paper = change_medium(wider.archive, OPERATOR, "ban-sao", "dia-3")
    assert found.whole and paper is not None and paper.startswith(b"%PDF")


def test_minutes_wait_for_the_last_copy(wider: House) -> None:
    with patch.object(bring, "make_copy", side_effect=TryLater("x", "busy")):
        found, paper = change_medium(wider.archive, OPERATOR, "ban-sao", "dia-3")
    assert paper is None and len(found.failed) == 2


def test_an_offline_set_is_checked_without_us(wider: House, tmp_path: Path) -> None:
    disk = tmp_path / "dia 3"
    export_set(wider.archive, OPERATOR, disk)
    moved = tmp_path / "két"
    shutil.move(disk, moved)
    count, faults = check_set(moved)
    assert count > 20 and faults == []
    assert json.loads((moved / "set.json").read_text())["dossiers"] == 2
    alone = subprocess.run([sys.executable, "-I", moved / "check_set.py"], capture_output=True, check=False)
    assert alone.returncode == 0, alone.stderr


@pytest.mark.parametrize("harm", ["changed", "missing", "extra", "manifest"])
def test_every_harm_to_an_offline_set_is_told(wider: House, tmp_path: Path, harm: str) -> None:
    disk = tmp_path / "dia 3"
    export_set(wider.archive, OPERATOR, disk)
    # The largest file of a dossier: its name is sealed, too, on a disk for the safe.
    victim = max((path for path in (disk / "ocfl").rglob("*") if path.is_file()), key=sized)
    if harm == "changed":
        data = bytearray(victim.read_bytes())
        data[7] ^= 1
        victim.write_bytes(data)
    elif harm == "missing":
        victim.unlink()
    elif harm == "extra":
        (victim.parent / "la.txt").write_text("x")
    else:
        text = (disk / MANIFEST).read_text()
        (disk / MANIFEST).write_text(text[:-1])
    if harm == "manifest":
        with pytest.raises(NotPossible, match="was changed"):
            check_set(disk)
    else:
        assert [kind for kind, _ in check_set(disk)[1]] == [harm]
    code = subprocess.run(
        [sys.executable, disk / "check_set.py"], capture_output=True, check=False
    ).returncode
    assert code == (2 if harm == "manifest" else 1)


def test_a_folder_without_a_manifest_is_named_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"has no manifest .* run archive storage export-set again"):
        check_set(tmp_path)
    script = Path(preservation.offline.check_set.__file__)
    said = subprocess.run([sys.executable, script, tmp_path], capture_output=True, check=False, text=True)
    assert (
        said.returncode == 2 and "so no finished set / không có" in said.stderr and "Errno" not in said.stderr
    )


def test_a_dossier_taken_out_with_its_manifest_is_told_by_the_digest_in_the_log(
    wider: House, tmp_path: Path
) -> None:
    disk = tmp_path / "dia 3"
    noted = export_set(wider.archive, OPERATOR, disk).manifest_sha512
    with wider.archive.look(THE_ARCHIVE) as work:
        sealed = select(LogDetail.detail).join(LogEntry, LogEntry.number == LogDetail.number)
        (detail,) = work.session.scalars(sealed.where(LogEntry.verb == Verb.set_sealed))
    assert noted == manifest_sha512(disk) and noted in detail
    shutil.rmtree(max((each for each in (disk / "ocfl").rglob("*") if each.is_file()), key=sized).parent)
    _write_manifest(disk)
    assert check_set(disk)[1] == []  # the bytes alone tell nothing any more
    assert manifest_sha512(disk) != noted


def test_a_set_in_its_safe_is_no_alarm_and_is_not_made_anew(wider: House, tmp_path: Path) -> None:
    disk = tmp_path / "dia 3"
    export_set(wider.archive, OPERATOR, disk)
    shutil.move(disk, tmp_path / "két")
    disk.mkdir()  # the empty mount point
    assert check_roots(wider.archive)["dia-3"] == ("offline", "offline")
    prepare_roots(wider.archive)
    assert list(disk.iterdir()) == []
    assert fixity_run(wider.archive, early=True).stopped == {} and incidents(wider.archive) == []


def test_destruction_waits_for_the_disk_and_the_set_is_not_sealed_before(
    wider: House, tmp_path: Path
) -> None:
    disk, dossier_id = tmp_path / "dia 3", first(wider)
    export_set(wider.archive, OPERATOR, disk)
    shutil.move(disk, tmp_path / "két")
    assert not erase(wider.archive, dossier_id, ground="expired", entry_id=None)
    shutil.move(tmp_path / "két", disk)
    with pytest.raises(NotPossible) as refused:
        export_set(wider.archive, OPERATOR, disk)
    assert refused.value.name == "erasures-owed"
    assert erase(wider.archive, dossier_id, ground="expired", entry_id=None)
    export_set(wider.archive, OPERATOR, disk)
    assert check_set(disk)[1] == []


def test_what_is_not_in_the_settings_is_no_set(wider: House, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="offline"):
        export_set(wider.archive, OPERATOR, tmp_path)
    assert states(wider.archive, first(wider))["ban-sao"] is CopyState.verified


def test_the_minutes_are_pdf_a(
    wider: House, tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    _, paper = change_medium(wider.archive, OPERATOR, "ban-sao", "dia-3")
    (tmp_path / "bien-ban.pdf").write_bytes(paper or b"")
    verdict = verapdf([tmp_path / "bien-ban.pdf"], "2b")
    assert verdict.accepted, verdict.said


def test_what_explains_a_set_is_no_stray_and_an_hour_connected_breaks_no_seal(
    wider: House, tmp_path: Path
) -> None:
    export_set(wider.archive, OPERATOR, tmp_path / "dia 3")
    assert strays_run(wider.archive) == 0
    for name in CHANGING:
        (tmp_path / "dia 3" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dia 3" / name).write_text("newer")
    assert check_set(tmp_path / "dia 3")[1] == []
