"""`archive drill`: a rebuild or a restore in a scratch place, timed, compared, and with a record that must come back.

Due every quarter (QCVN 12:2026/BCA 3.12). Nothing in service changes but the row and the log entry that say it was done.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from archive_service.backup.media import read_manifest
from archive_service.backup.models import Drill, DrillKind
from archive_service.backup.servers import folder_database, scratch_database
from archive_service.backup.tried import check_bytes, tried
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import Difference, compare
from archive_service.rebuild.report import Progress
from archive_service.rebuild.snapshots import keep_system_objects, models
from archive_service.work import Archive, Work
from preservation.models import Dossier, DossierState, FileObject
from preservation.system.objects import anchor
from preservation.system.store import online_stores
from preservation.verify import verify_copy
from retention.assess import assess_owed

TOLD = 50
"""Differences told one by one."""


def drill_rebuild(
    archive: Archive, actor: Actor, progress: Progress = lambda step, done, total: None
) -> Drill:
    """Builds the catalogue anew from the roots in a scratch place and compares it row for row.

    What the archive does meanwhile shows as differences: run it at a quiet hour.
    """
    began, canary = archive.clock.now(), _choose(archive)
    assess_owed(archive)  # what a timetable still owes is no difference
    keep_system_objects(archive, now=True)
    anchor(archive)
    with scratch(archive.settings.data / SCRATCH) as folder, _site(archive, folder) as url:
        report = rebuild(archive, progress, into=url, drill=True)
        engine = open_engine(url)
        try:
            found = (each for each in compare(archive.engine, engine) if not _since(each, report.log_entries))
            differences = [_told(each) for each in islice(found, TOLD)]
            told: dict[str, Any] = {
                "dossiers": report.dossiers,
                "log_entries": report.log_entries,
                "rows": _rows(engine),
                "differences": differences,
                "unreadable": report.unreadable[:TOLD],
                "conflicts": report.conflicts[:TOLD],
                "canary": _comes_back(archive, engine, canary),
            }
        finally:
            engine.dispose()
    passed = report.whole and not differences and not told["canary"]["fault"]
    return _enter(archive, actor, DrillKind.rebuild, began, passed, told)


def drill_restore(
    archive: Archive, actor: Actor, store: ObjectStore, medium_id: str, set_id: str, identities: Sequence[Any]
) -> Drill:
    """Restores a set in a scratch place with the escrowed key, and reads a record by what it says. Raises `WrongKey`."""
    began = archive.clock.now()
    manifest = read_manifest(store, set_id, archive.keys.public)
    told: dict[str, Any] = {"set": set_id, "medium": medium_id, "differences": check_bytes(store, manifest)}
    if not told["differences"]:
        with (
            scratch(archive.settings.data / SCRATCH) as folder,
            tried(archive, store, manifest, identities, folder) as (engine, facts, faults),
        ):
            told |= {"rows": sum(facts.rows.values()), "log_entries": facts.anchor["number"]}
            told["differences"] = faults[:TOLD]
            told["canary"] = _comes_back(archive, engine, _choose_among(archive, engine))
    passed = not told["differences"] and not told["canary"]["fault"]
    return _enter(archive, actor, DrillKind.restore, began, passed, told)


@contextmanager
def _site(archive: Archive, folder: Path) -> Iterator[str]:
    if archive.engine.dialect.name == "sqlite":
        yield folder_database(folder)
        return
    with scratch_database(archive.settings.backup_scratch or archive.settings.database) as url:
        yield url


def _since(difference: Difference, log_entries: int) -> bool:
    """An entry that either log got after that moment: the drill's own, and the new one's that it was built."""
    return difference.table == "log_entry" and difference.key[0] > log_entries


def _told(difference: Difference) -> str:
    key = " ".join(map(str, difference.key))
    if not difference.column:
        return f"{difference.table} {key}: {'too much' if difference.old is None else 'missing'}"
    return f"{difference.table} {key}: {difference.column}"


def _rows(engine: Engine) -> int:
    with Session(engine) as session:
        kept = (model for model in models().values() if model.kept == "rebuilt")
        return sum(session.scalar(select(func.count()).select_from(model)) or 0 for model in kept)


# The canary: a record that the archive chooses by itself, and that must come back byte for byte.


def _choose(archive: Archive) -> UUID:
    with archive.look(THE_ARCHIVE) as work:
        found = _any_of(work.session)
    if found is None:
        raise NotPossible(
            "Kho chưa có hồ sơ nào để diễn tập.",
            "The archive holds no dossier to drill with.",
            name="nothing-to-drill",
        )
    return found


def _choose_among(archive: Archive, engine: Engine) -> UUID | None:
    """One that the set holds and that was neither changed nor destroyed since."""
    with Session(engine) as old:
        for _ in range(20):
            found = _any_of(old)
            if found is None:
                return None
            row = old.get_one(Dossier, found)
            with archive.look(THE_ARCHIVE) as work:
                now = work.session.get(Dossier, found)
                if now is not None and now.inventory_digest == row.inventory_digest and _living(now):
                    return found
    return None


def _living(dossier: Dossier) -> bool:
    return dossier.state is not DossierState.destroyed


def _any_of(session: Session) -> UUID | None:
    living = select(Dossier.id).where(Dossier.state != DossierState.destroyed)
    count = session.scalar(select(func.count()).select_from(living.subquery())) or 0
    if not count:
        return None
    return session.scalar(living.order_by(Dossier.id).offset(secrets.randbelow(count)).limit(1))


def _comes_back(archive: Archive, engine: Engine, dossier_id: UUID | None) -> dict[str, Any]:
    """The record by the new database alone: its row, and its bytes in a root against the digests that stand there."""
    if dossier_id is None:
        return {"dossier": None, "fault": "no record to compare"}
    with archive.look(THE_ARCHIVE) as work:
        expected = work.session.get_one(Dossier, dossier_id).inventory_digest
    with Session(engine) as session:
        row = session.get(Dossier, dossier_id)
        own = select(FileObject.path, FileObject.sha256).where(FileObject.dossier_id == dossier_id)
        senders = {each.path: each.sha256 for each in session.execute(own)}
    told: dict[str, Any] = {
        "dossier": str(dossier_id),
        "digest": expected,
        "files": len(senders),
        "fault": "",
    }
    if row is None or row.inventory_digest != expected:
        told["fault"] = "the record is not there" if row is None else f"its digest is {row.inventory_digest}"
        return told
    faults = []
    for store in online_stores(archive).values():
        fault = next(verify_copy(store, row.object_id, row.inventory_digest, senders), None)
        if fault is None and senders:
            return told
        faults.append(f"{store.describe()}: {fault.kind} {fault.path}" if fault else "no files")
    told["fault"] = "; ".join(faults) or "no root answers"
    return told


def _enter(
    archive: Archive, actor: Actor, kind: DrillKind, began: datetime, passed: bool, told: dict[str, Any]
) -> Drill:
    with archive.work(actor) as work:
        now = work.now()
        told["seconds"] = (now - began).total_seconds()
        drill = Drill(kind=kind, began_at=began, finished_at=now, passed=passed, report=told)
        work.session.add(drill)
        work.session.flush()
        work.record(Verb.drill_finished, drill, outcome="success" if passed else "failure", drill=kind.value)
    return drill


def list_drills(work: Work, limit: int = 20) -> Sequence[Drill]:
    return work.session.scalars(select(Drill).order_by(Drill.finished_at.desc()).limit(limit)).all()
