"""Each AIP's rows from its own description, by the one way that storing uses too."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, StatementError

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import insert_rows
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.settings import Root
from archive_service.rebuild.checkpoint import Checkpoint
from archive_service.rebuild.found import Seen
from archive_service.rebuild.reading import Read, read_objects
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.work import Archive
from preservation.aips.catalogue import Description, enter_new
from preservation.audits.strays import DOSSIER
from preservation.models import Copy, CopyState, Dossier, DossierState

log = logging.getLogger(__name__)
BATCH = 250
ROOM = 8 << 20
"""Bytes of descriptions in one transaction; one that is larger goes alone."""
UNFIT = (ValueError, KeyError, TypeError, AttributeError, RecursionError, IntegrityError, StatementError)
"""What a description that is not ours raises on its way into rows."""
Fit = tuple[Read, Description]


def bring_dossiers(
    target: Archive,
    seen: Seen,
    folder: Path,
    report: RebuildReport,
    progress: Progress,
    checkpoint: Checkpoint,
) -> None:
    """Enters every dossier that lies in a root. Those destroyed are in already, as tombstones; so is what an
    interrupted rebuild entered."""
    places, report.dossiers = _places(target), _entered(target)
    checkpoint.reached("dossiers", report)
    ids = _not_entered(target, seen.listing.dossier_ids())
    read = read_objects(target.settings, list(seen.roots), ids, seen.listing.count, folder)
    for batch in _batches(read):
        told = len(report.unreadable) + len(report.conflicts)
        fits = [(each, d) for each in batch if (d := _description(each, places, report)) is not None]
        # Before they are in: the rebuild that goes on after us does not read them again.
        if len(report.unreadable) + len(report.conflicts) > told:
            checkpoint.reached("dossiers", report)
        report.dossiers += _enter_all(target, fits, report)
        progress("dossiers", report.dossiers, seen.listing.count)


def _entered(target: Archive) -> int:
    with target.look(OPERATOR) as work:
        query = select(func.count()).select_from(Dossier).where(Dossier.state != DossierState.destroyed)
        return work.session.scalars(query).one()


def _batches(read: Iterator[Read]) -> Iterator[list[Read]]:
    batch, room = list[Read](), ROOM
    for each in read:
        batch.append(each)
        room -= _size(each)
        if len(batch) == BATCH or room <= 0:
            yield batch
            batch, room = [], ROOM
    if batch:
        yield batch


def _size(read: Read) -> int:
    found = read.description
    return found.stat().st_size if isinstance(found, Path) else len(found or b"")


def _enter_all(target: Archive, fits: Sequence[Fit], report: RebuildReport) -> int:
    """How many are in. One that does not fit is told, and keeps no other one out."""
    if not fits:
        return 0
    try:
        with target.work(OPERATOR) as work:
            enter_new(work, [(description, r.version, r.inventory_digest) for r, description in fits])
            copies = [row for r, _ in fits for row in _copies(r, work.settings.storage, work.now())]
            insert_rows(work.session, Copy, copies)
        return len(fits)
    except UNFIT as error:
        if len(fits) > 1:
            return sum(_enter_all(target, [each], report) for each in fits)
        object_id = fits[0][0].object_id
        log.warning("%s does not fit: %s", object_id, error)
        twice = isinstance(error, IntegrityError)
        report.miss(f"{object_id}: {'another dossier has its code' if twice else 'no description of ours'}")
        return 0


def _copies(read: Read, roots: Sequence[Root], now: datetime) -> Iterator[dict[str, object]]:
    for root in roots:
        held = read.heads.get(root.id, 0)
        # A root that is behind is owed the newer version; one that is away now is looked at when it comes back.
        state = CopyState.not_checked if held == read.version else CopyState.owed
        yield {
            "dossier_id": UUID(read.object_id.removeprefix(DOSSIER)),
            "root_id": root.id,
            "state": state,
            "version": held,
            "next_check": now,
        }


def _places(target: Archive) -> set[str]:
    """Ids of every agency, unit and fonds: some thousands at most."""
    with target.look(OPERATOR) as work:
        columns = (Agency.id, Unit.id, Fonds.id)
        return {str(key) for column in columns for key in work.session.scalars(select(column))}


def _not_entered(target: Archive, ids: Iterator[str]) -> Iterator[str]:
    while batch := list(islice(ids, BATCH)):
        keys = {object_id: key for object_id in batch if (key := _key(object_id))}
        with target.look(OPERATOR) as work:
            there = set(work.session.scalars(select(Dossier.id).where(Dossier.id.in_(keys.values()))))
        yield from (object_id for object_id, key in keys.items() if key not in there)


def _key(object_id: str) -> UUID | None:
    try:
        return UUID(object_id.removeprefix(DOSSIER))
    except ValueError:
        return None


def _description(read: Read, places: set[str], report: RebuildReport) -> Description | None:
    """What cannot be read, or is not this dossier's, is told, and the others go on."""
    object_id, found = read.object_id, read.description
    if read.conflict and object_id not in report.conflicts:
        report.conflicts.append(object_id)
    if isinstance(found, Path):
        path, found = found, found.read_bytes()
        path.unlink()
    if found is None:
        report.miss(object_id)
        return None
    try:
        description: Description = json.loads(found)
        belongs = [description["dossier"][name] for name in ("agency_id", "unit_id", "fonds_id")]
        own = {description["dossier"]["object_id"], DOSSIER + description["dossier"]["id"]} == {object_id}
    except UNFIT as error:
        log.warning("%s: %s", object_id, error)
        report.miss(object_id)
        return None
    if not own:
        report.miss(f"{object_id}: describes another dossier")
        return None
    if unknown := [each for each in belongs if each and each not in places]:
        report.miss(f"{object_id}: belongs to {unknown[0]}, which is missing")
        return None
    return description
