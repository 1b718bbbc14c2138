"""A backup is called good when it was read back and restored, and not before."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyrage
import pytest
from lxml import etree
from sqlalchemy import select

from archive_service.backup import make, metadata, run
from archive_service.backup.catalogue import list_sets
from archive_service.backup.lock import only_one
from archive_service.backup.models import BackupKind, BackupSet, BackupState
from archive_service.backup.run import backup_run
from archive_service.backup.servers import ToolFailed
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.objects.folder import FolderStore
from preservation.aips.amend import amend
from preservation.watch_models import Incident
from tests.backup.conftest import IDENTITY, Safe
from tests.past import retitle
from tests.preservation.dossiers import flip, keep

FULL, INCREMENTAL = BackupKind.full, BackupKind.incremental


def rows(safe: Safe) -> list[BackupSet]:
    with safe.archive.look(THE_ARCHIVE) as work:
        return list(list_sets(work))


def states(safe: Safe) -> dict[str, BackupState]:
    return {row.medium_id: row.state for row in rows(safe)}


def opened(path: Path) -> bytes:
    return pyrage.decrypt(path.read_bytes(), [IDENTITY])


def test_one_set_lies_on_each_medium_and_is_good(safe: Safe) -> None:
    report = safe.run()
    assert (report.media, report.kind) == ({"dia-a": "", "dia-b": ""}, FULL)
    assert safe.sets("dia-a") == safe.sets("dia-b") == [report.set_id]
    assert set(states(safe).values()) == {BackupState.good}


def test_the_escrowed_key_opens_it_and_nothing_readable_lies_on_the_medium(safe: Safe) -> None:
    report = safe.run()
    assert opened(safe.part(report)).startswith(b"SQLite format 3")
    title = "Tập lưu".encode()
    assert not any(title in path.read_bytes() for path in safe.medium().rglob("*") if path.is_file())


def test_no_key_of_the_archive_is_in_it(safe: Safe) -> None:
    report = safe.run()
    keys = [path.read_bytes() for path in (safe.archive.settings.data / "keys").iterdir()]
    software = BytesIO(gzip.decompress(opened(safe.part(report, "software.tar.gz.age"))))
    held = [opened(safe.part(report)), software.getvalue(), opened(safe.part(report, "facts.json.age"))]
    assert not any(key in each for key in keys for each in held)


def test_the_software_is_in_it_with_its_versions(safe: Safe) -> None:
    report = safe.run()
    with tarfile.open(fileobj=BytesIO(opened(safe.part(report, "software.tar.gz.age")))) as found:
        names = set(found.getnames())
    assert {"software.json", "source/archive_service/work.py", "source/requirements.lock"} <= names


def test_the_metadata_is_xml_with_the_tags_of_the_law(safe: Safe) -> None:
    report = safe.run()
    root = etree.fromstring(gzip.decompress(opened(safe.part(report, "metadata.xml.gz.age"))))
    assert len(root.findall("{*}dossier")) == report.dossiers == 4
    assert {each.text for each in root.iter("FileNotation")} >= {"1.TTr", "2.TTr"}
    assert len(list(root.iter("{*}file"))) > 6


def test_the_second_run_of_a_month_is_incremental_and_takes_what_changed(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = safe.run()
    safe.house.clock.advance(days=1)
    amend(safe.archive, keep(safe.house, 9), retitle, "Sửa tiêu đề")  # changed twice, and in the set once
    monkeypatch.setattr(metadata, "PAGE", 1)
    second = safe.run()
    assert (second.kind, second.base_id, second.dossiers) == (INCREMENTAL, first.set_id, 1)
    assert not safe.part(second, "software.tar.gz.age").exists()
    assert opened(safe.part(second)).startswith(b"SQLite format 3")


def test_the_first_run_of_the_next_month_is_full(safe: Safe) -> None:
    safe.run()
    safe.house.clock.advance(days=32)
    assert safe.run().kind is FULL


def test_incremental_without_a_full_one_is_refused(safe: Safe) -> None:
    with pytest.raises(NotPossible) as refused:
        safe.run(INCREMENTAL)
    assert refused.value.name == "no-full-backup"


def test_each_run_is_in_the_log_with_its_outcome(safe: Safe) -> None:
    report = safe.run()
    with safe.archive.look(THE_ARCHIVE) as work:
        found = work.session.scalars(select(LogEntry).where(LogEntry.verb == Verb.backup_made)).all()
    assert [entry.subject_id for entry in found] == [report.set_id] * 2


def test_the_minutes_are_pdf_a_on_each_medium(safe: Safe) -> None:
    import pikepdf

    report = safe.run()
    with pikepdf.open(safe.part(report, "minutes.pdf", "dia-b")) as paper, paper.open_metadata() as told:
        assert told.pdfa_status == "2B"


def test_a_full_medium_gets_no_set_and_the_other_one_does(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FolderStore.put

    def full(self: FolderStore, key: str, source: object, **more: bool) -> None:
        if "dia-b" in self.describe() and key.endswith("software.tar.gz.age"):
            raise OSError(errno.ENOSPC, "No space left on device")
        put(self, key, source, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FolderStore, "put", full)
    report = safe.run()
    assert not report.whole and "No space left" in report.media["dia-b"]
    assert states(safe) == {"dia-a": BackupState.good, "dia-b": BackupState.failed}
    assert safe.sets("dia-b") == [] and not list(safe.medium("dia-b").glob("sets/*/*.age"))
    with safe.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(
            select(Incident.root_id).where(Incident.kind == "backup-failed")
        ).all() == ["dia-b"]


def test_a_bit_that_flips_on_the_way_to_a_medium_is_found_at_once(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FolderStore.put

    def flipping(self: FolderStore, key: str, source: object, **more: bool) -> None:
        put(self, key, source, **more)  # type: ignore[arg-type]
        if "dia-a" in self.describe() and key.endswith("database.age"):
            flip(safe.medium() / key)

    monkeypatch.setattr(FolderStore, "put", flipping)
    report = safe.run()
    assert "sha256" in report.media["dia-a"] and report.media["dia-b"] == ""


def test_what_does_not_restore_is_not_called_good(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dump loses a row on its way: bytes and digests are right, and the tried database is not."""
    copy = make._copy_sqlite

    def losing(file: Path, target: Path) -> None:
        copy(file, target)
        lossy.append(target.read_bytes())
        with sqlite3.connect(target) as connection:
            connection.execute("DELETE FROM erasure_receipt")

    lossy: list[bytes] = []
    seal = make.seal

    def sealed(source: object, target: Path, recipients: object) -> object:
        made = seal(source, target, recipients)  # type: ignore[arg-type]
        if target.name == make.DATABASE:  # the facts are taken from the whole database
            (target.parent / "database").write_bytes(lossy[0])
        return made

    monkeypatch.setattr(make, "_copy_sqlite", losing)
    monkeypatch.setattr(make, "seal", sealed)
    report = safe.run()
    assert all("erasure_receipt: 0 rows" in why for why in report.media.values())
    assert safe.sets() == safe.sets("dia-b") == []


def test_a_medium_that_is_not_there_is_never_taken_for_an_empty_one(safe: Safe) -> None:
    (safe.medium("dia-b") / "backup-medium.json").unlink()
    report = safe.run()
    assert "not mounted" in report.media["dia-b"] and report.media["dia-a"] == ""
    assert not (safe.medium("dia-b") / "sets").exists()


def test_a_medium_of_another_archive_is_not_written_to(safe: Safe) -> None:
    marker = safe.medium("dia-b") / "backup-medium.json"
    marker.write_text(marker.read_text().replace('"archive_id": "', '"archive_id": "0'))
    assert "another archive" in safe.run().media["dia-b"]
    assert safe.sets("dia-b") == []


def test_no_medium_at_all_is_our_fault_and_tried_again(safe: Safe) -> None:
    for name in ("dia-a", "dia-b"):
        (safe.medium(name) / "backup-medium.json").unlink()
    with pytest.raises(TryLater):
        backup_run(safe.archive)


def test_a_run_whose_tool_fails_leaves_no_set(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise ToolFailed("pg_dump: server closed the connection")

    monkeypatch.setattr(run, "make_parts", failing)
    assert set(safe.run().media.values()) == {
        "PostgreSQL's tool failed: pg_dump: server closed the connection"
    }
    assert set(states(safe).values()) == {BackupState.failed}


def test_two_at_once_are_refused(safe: Safe) -> None:
    with only_one(safe.archive.settings.data / "backup.lock"), pytest.raises(Conflict):
        safe.run()


KILLED = """
import os, signal, sys
from pathlib import Path
from archive_service.backup import run
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.settings import load_settings
from archive_service.work import Archive
where = sys.argv[1]
kept = getattr(run, where)
def killing(*given):
    if where != "_write":
        os.kill(os.getpid(), signal.SIGKILL)
    kept(*given)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(run, where, killing)
run.run_backup(Archive(load_settings()), OPERATOR)
"""


@pytest.mark.parametrize("where", ["make_parts", "_write", "_finish_media"])
def test_killed_in_the_middle_it_leaves_no_set_and_the_next_run_clears_up(safe: Safe, where: str) -> None:
    import json

    environment = {
        **os.environ,
        "ARCHIVE_DATA": str(safe.archive.settings.data),
        "ARCHIVE_BACKUP": json.dumps([each.model_dump() for each in safe.archive.settings.backup]),
        "ARCHIVE_BACKUP_RECIPIENTS": json.dumps(safe.archive.settings.backup_recipients),
    }
    ended = subprocess.run([sys.executable, "-c", KILLED, where], env=environment, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert safe.sets() == safe.sets("dia-b") == []
    assert set(states(safe).values()) == {BackupState.running}
    safe.house.clock.advance(days=400)  # beyond the real clock of the killed process
    good = safe.run()
    assert good.whole
    assert {row.state for row in rows(safe)} == {BackupState.failed, BackupState.good}
    assert [path.name for path in safe.medium().glob("sets/*")] == [good.set_id]
    assert not list((safe.archive.settings.data / "scratch").glob("tmp*"))


def test_sets_expire_with_their_full_one_and_the_newest_full_one_stays(safe: Safe) -> None:
    first = safe.run()
    safe.house.clock.advance(days=1)
    second = safe.run()
    safe.house.clock.advance(days=96)
    third = safe.run()
    assert {*third.expired} == {f"{m} {s.set_id}" for m in ("dia-a", "dia-b") for s in (first, second)}
    assert safe.sets() == [third.set_id]
    safe.house.clock.advance(days=200)
    with safe.archive.look(THE_ARCHIVE) as work:
        from archive_service.backup.catalogue import _too_old

        marker = work.session.scalars(
            select(BackupSet.marker_id).where(BackupSet.medium_id == "dia-a")
        ).first()
        assert _too_old(work, "dia-a", str(marker), work.now() - timedelta(days=95)) == []


def test_a_changed_disk_gets_a_full_set_and_keeps_what_the_other_one_holds(safe: Safe) -> None:
    from archive_service.backup.medium_new import prepare
    from archive_service.kernel.actors import OPERATOR

    first = safe.run()
    safe.medium("dia-b").rename(safe.folder / "trong-ket")
    prepare(safe.archive, OPERATOR, "dia-b")
    second = safe.run()
    assert (second.kind, second.whole) == (FULL, True)
    assert (safe.folder / "trong-ket/sets" / first.set_id).exists()


def test_memory_stays_flat_however_large_the_database_is(tmp_path: Path) -> None:
    """Sealed and opened again in a process that may not hold a tenth of it."""
    script = f"""
import resource, sys
from pathlib import Path
from pyrage import x25519
from archive_service.backup.cipher import seal, unseal
from archive_service.kernel.objects import open_store
class Zeros:
    left = 160 << 20
    def read(self, size=-1):
        size = min(size if size > 0 else 1 << 20, self.left); self.left -= size; return bytes(size)
class Nowhere:
    count = 0
    def write(self, data): self.count += len(data)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
key, out = x25519.Identity.generate(), Nowhere()
part = seal(Zeros(), Path({str(tmp_path)!r}) / "a.age", [key.to_public()])
unseal(open_store({tmp_path.as_uri()!r}), "a.age", part, [key], out)
assert out.count == 160 << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 30 << 10  # KiB


def test_a_log_that_is_broken_is_backed_up_as_it_is(safe: Safe) -> None:
    with safe.archive.work(THE_ARCHIVE) as work:
        work.session.connection().exec_driver_sql("UPDATE log_entry SET body = x'7b7d' WHERE number = 3")
    assert safe.run().whole


def test_a_log_that_breaks_on_the_way_is_found(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is there, and one entry says something else than when it was copied."""
    seal = make.seal

    def sealed(source: object, target: Path, recipients: object) -> object:
        if target.name == make.DATABASE:
            copy = target.parent / "database"
            whole = copy.read_bytes()
            with sqlite3.connect(copy) as connection:
                connection.execute("UPDATE log_entry SET body = x'7b7d' WHERE number = 3")
            connection.close()
            with copy.open("rb") as stream:
                made = seal(stream, target, recipients)  # type: ignore[arg-type]
            copy.write_bytes(whole)
            return made
        return seal(source, target, recipients)  # type: ignore[arg-type]

    monkeypatch.setattr(make, "seal", sealed)
    assert all("log: changed" in why for why in safe.run().media.values())
