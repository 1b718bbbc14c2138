"""What belongs to no dossier and must survive: written into every root, so that a rebuild finds it there.

Two sorts of kinds. A *snapshot* (organisation, people, holds, destruction) says in each version all that there is; a
*series* (log, verdicts) adds what came since. Rooms above this one hand in their own tables as `Snapshot` values.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import Base
from archive_service.kernel.errors import TryLater
from archive_service.kernel.log import Anchor, LogEntry, LogHead
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.people import Grant, Person
from archive_service.kernel.rows import Plain, export_rows
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.work import Archive
from preservation.incidents.register import open_incident
from preservation.leases import alone
from preservation.models import Dossier, DossierState, ErasureReceipt, KeptPaper
from preservation.ocfl.plan import NewFile, file_of
from preservation.roots.markers import anchor_log
from preservation.signatures.again import VERDICTS
from preservation.system.store import (
    bring_to_all,
    current_name,
    enter_written,
    levelled,
    newest_row,
    online_stores,
    write_next,
)
from preservation.watch_models import RetiredRoot

log = logging.getLogger(__name__)
Rows = Callable[[Session], Iterator[Plain]]
Papers = Callable[[Archive], Iterable[tuple[str, Callable[[], bytes]]]]
"""SHA-256 of each paper and how to read it."""
LOG, VERDICT_KIND = "log", "verdicts"
TAIL = "log-tail.jsonl"
"""Beside each root's marker: the entries since the last segment, so that no anchor is without its entries."""
COALESCE = timedelta(minutes=15)
"""A snapshot is written again no sooner: forty acts in a row are one version."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A kind and its tables, each a file of JSON lines; `papers` are kept beside, each in one month's object only."""

    kind: str
    tables: Mapping[str, Rows] = field(default_factory=dict)
    papers: Papers | None = None


def rows_of(model: type[Base]) -> Rows:
    return lambda session: export_rows(session, model)


def tombstones(session: Session) -> Iterator[Plain]:
    """Destroyed dossiers: their AIPs are gone, so these rows live here."""
    return export_rows(session, Dossier, Dossier.state == DossierState.destroyed)


def listed_dossiers(session: Session) -> Iterator[Plain]:
    """Ids of dossiers that a list has taken up: their AIPs say nothing of it."""
    query = select(Dossier.id).where(Dossier.state == DossierState.destruction_review).order_by(Dossier.id)
    return ({"id": str(key)} for key in session.scalars(query))


ORGANISATION = Snapshot("organisation", {m.__tablename__: rows_of(m) for m in (Agency, Unit, Fonds)})
PEOPLE = Snapshot("people", {m.__tablename__: rows_of(m) for m in (Person, Grant)})
#: Of the kind `destruction`, what this room knows.
DESTRUCTION_TABLES: Mapping[str, Rows] = {
    "dossier": tombstones,
    "listed_dossier": listed_dossiers,
    "erasure_receipt": rows_of(ErasureReceipt),
    "retired_root": rows_of(RetiredRoot),
}


def write_system_objects(archive: Archive, snapshots: Sequence[Snapshot], *, now: bool = False) -> list[str]:
    """Writes what changed; returns the names of the objects that got a version.

    A snapshot at most every 15 minutes, a series at most once a day; `now` writes all of them at once. The timetable
    comes again for what had to wait. Raises `TryLater` when no root takes a version.
    """
    with alone(archive, "system-objects") as mine:
        if not mine:
            return []
        bring_to_all(archive)
        names = [_snapshot(archive, each, now) for each in snapshots]
        names += [_series(archive, LOG, _log, now), _series(archive, VERDICT_KIND, _verdicts, now)]
    return [name for name in names if name]


def _snapshot(archive: Archive, snapshot: Snapshot, now: bool) -> str:
    last = newest_row(archive, snapshot.kind)
    if last is not None and not now and archive.clock.now() - last.written_at < COALESCE:
        return ""
    with scratch(archive.settings.data / SCRATCH) as folder:
        tables = _write_tables(archive, snapshot, folder)
        papers = _write_papers(archive, snapshot, folder)
        digest = _digest(tables)
        if last is not None and last.digest == digest and not papers:
            return ""
        name = current_name(archive, snapshot.kind)
        written = write_next(archive, name, tables | papers, "Dữ liệu quản lý của kho")
    enter_written(archive, snapshot.kind, written, digest=digest)
    _enter_papers(archive, name, papers)
    return name


def _write_tables(archive: Archive, snapshot: Snapshot, folder: Path) -> dict[str, NewFile]:
    """All tables as they stand at one moment."""
    with archive.look(THE_ARCHIVE) as work:
        for table, rows in snapshot.tables.items():
            with (folder / f"{table}.jsonl").open("w", encoding="utf-8") as out:
                for row in rows(work.session):
                    out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    return {f"{table}.jsonl": file_of(folder / f"{table}.jsonl") for table in snapshot.tables}


def _write_papers(archive: Archive, snapshot: Snapshot, folder: Path) -> dict[str, NewFile]:
    """Those that lie in no object yet. One that is damaged is an incident; it must not hold the others back."""
    found = {}
    for sha256, read in snapshot.papers(archive) if snapshot.papers else ():
        with archive.look(THE_ARCHIVE) as work:
            if work.session.get(KeptPaper, sha256) is not None:
                continue
        try:
            (folder / sha256).write_bytes(read())
        except TryLater as error:
            with archive.work(THE_ARCHIVE) as work:
                open_incident(work, "paper-damaged", path=sha256, found=error.en)
            continue
        found[f"papers/{sha256}"] = file_of(folder / sha256)
    return found


def _enter_papers(archive: Archive, name: str, papers: Iterable[str]) -> None:
    with archive.work(THE_ARCHIVE) as work:
        for path in papers:
            work.session.merge(KeptPaper(sha256=path.removeprefix("papers/"), name=name))


def _digest(files: Mapping[str, NewFile]) -> str:
    lines = (f"{path} {file.digests['sha512']}\n" for path, file in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _series(archive: Archive, kind: str, write: Callable[[Archive, Path], str], now: bool) -> str:
    last = newest_row(archive, kind)
    if last is not None and not now and last.written_at.date() == archive.clock.now().date():
        return ""
    with scratch(archive.settings.data / SCRATCH) as folder:
        return write(archive, folder)


def _log(archive: Archive, folder: Path) -> str:
    """The hashed entries since the last segment, as `entries/<first>-<last>.jsonl`."""
    name, last = current_name(archive, LOG), newest_row(archive, LOG)
    known = last.upto if last else 0
    upto = _finished_upto(archive, name, known, folder)
    with archive.look(THE_ARCHIVE) as work:
        head = work.session.get_one(LogHead, 1).number
    if head == known:
        return ""
    put = {}
    if head > upto:  # else a crash left the segment written, and no row knows it
        path = f"entries/{upto + 1:012}-{head:012}.jsonl"
        put = {path: _segment(archive, upto + 1, head, folder / "segment")}
    written = write_next(archive, name, put, "Nhật ký: các mục đã băm")
    enter_written(archive, LOG, written, upto=head)
    return name


def _finished_upto(archive: Archive, name: str, upto: int, folder: Path) -> int:
    """The last entry that lies in a segment: a crash may have left one that no row knows. It must say what we say."""
    inventory = levelled(online_stores(archive), name)
    for path, digest in sorted(inventory.files().items()) if inventory else ():
        first, last = segment_range(path)
        if last > upto:
            if _segment(archive, first, last, folder / "again").digests["sha512"] != digest:
                raise RuntimeError(f"{name}: {path} does not say what the log says")
            upto = last
    return upto


def segment_range(path: str) -> tuple[int, int]:
    """
    >>> segment_range("entries/000000000001-000000000042.jsonl")
    (1, 42)
    """
    first, _, last = path.removeprefix("entries/").removesuffix(".jsonl").partition("-")
    return int(first), int(last)


def _segment(archive: Archive, first: int, last: int, path: Path) -> NewFile:
    with archive.look(THE_ARCHIVE) as work, path.open("wb") as out:
        bodies = select(LogEntry.body).where(LogEntry.number.between(first, last)).order_by(LogEntry.number)
        for body in work.session.scalars(bodies.execution_options(yield_per=1_000)):
            out.write(body + b"\n")
    return file_of(path)


def _verdicts(archive: Archive, folder: Path) -> str:
    """What the signature audits left in staging, one file a run; removed there once a root has it."""
    put, taken = {}, [info.key for info in archive.staging.list(VERDICTS)]
    for number, key in enumerate(taken):
        with archive.staging.open(key) as stream:
            (folder / str(number)).write_bytes(stream.read())
        put[f"runs/{key.removeprefix(VERDICTS + '/')}"] = file_of(folder / str(number))
    if not put:
        return ""
    name = current_name(archive, VERDICT_KIND)
    enter_written(archive, VERDICT_KIND, write_next(archive, name, put, "Kết quả kiểm tra lại chữ ký số"))
    for key in taken:
        archive.staging.delete(key)
    return name


def anchor(archive: Archive) -> Anchor:
    """Job: the signed head into every marker, and beside it the entries that lie in no segment yet."""
    anchored = anchor_log(archive)
    last = newest_row(archive, LOG)
    with scratch(archive.settings.data / SCRATCH) as folder:
        with archive.look(THE_ARCHIVE) as work:
            head = work.session.get_one(LogHead, 1).number
        _segment(archive, (last.upto if last else 0) + 1, head, folder / TAIL)
        for store in online_stores(archive).values():
            store.put(TAIL, folder / TAIL)
    return anchored
