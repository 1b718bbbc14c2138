"""Each AIP's rows from its own description, by the one way that storing uses too."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.rebuild.found import Found, NotReadable, Stores, every_object, fetch, find_object
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.work import Archive, Work
from preservation.aips.catalogue import DESCRIPTION, Description, enter
from preservation.audits.strays import DOSSIER
from preservation.models import Copy, CopyState, Dossier

log = logging.getLogger(__name__)
BATCH = 50
UNFIT = (ValueError, KeyError, TypeError, AttributeError, RecursionError, IntegrityError, StatementError)
"""What a description that is not ours raises on its way into rows."""


def bring_dossiers(
    target: Archive,
    stores: Stores,
    folder: Path,
    report: RebuildReport,
    progress: Progress,
) -> None:
    """Enters every dossier that lies in a root, fifty in a transaction. Those destroyed are in already, as tombstones."""
    places = _places(target)
    ids = (each for each in every_object(stores) if each.startswith(DOSSIER))
    while batch := list(islice(ids, BATCH)):
        new = _not_entered(target, batch)
        read = [
            each
            for object_id in new
            if (each := _read(stores, object_id, folder, places, report)) is not None
        ]
        report.dossiers += _enter_all(target, read, report)
        progress("dossiers", report.dossiers)


def _enter_all(target: Archive, read: Sequence[tuple[Found, Description]], report: RebuildReport) -> int:
    """How many are in. One that does not fit is told, and keeps no other one out."""
    try:
        with target.work(OPERATOR) as work:
            for found, description in read:
                _enter(work, found, description)
        return len(read)
    except UNFIT as error:
        if len(read) > 1:
            return sum(_enter_all(target, [each], report) for each in read)
        object_id = read[0][0].inventory.object_id
        log.warning("%s does not fit: %s", object_id, error)
        twice = isinstance(error, IntegrityError)
        report.miss(f"{object_id}: {'another dossier has its code' if twice else 'no description of ours'}")
        return 0


def _places(target: Archive) -> set[str]:
    """Ids of every agency, unit and fonds: some thousands at most."""
    with target.look(OPERATOR) as work:
        columns = (Agency.id, Unit.id, Fonds.id)
        return {str(key) for column in columns for key in work.session.scalars(select(column))}


def _not_entered(target: Archive, ids: Sequence[str]) -> list[str]:
    keys = {object_id: _key(object_id) for object_id in ids}
    with target.look(OPERATOR) as work:
        wanted = [key for key in keys.values() if key]
        there = set(work.session.scalars(select(Dossier.id).where(Dossier.id.in_(wanted))))
    return [object_id for object_id, key in keys.items() if key and key not in there]


def _key(object_id: str) -> UUID | None:
    try:
        return UUID(object_id.removeprefix(DOSSIER))
    except ValueError:
        return None


def _read(
    stores: Stores, object_id: str, folder: Path, places: set[str], report: RebuildReport
) -> tuple[Found, Description] | None:
    """The newest version and its description; what cannot be read is told, and the others go on."""
    found = find_object(stores, object_id)
    if found is None:
        report.miss(object_id)
        return None
    if found.conflict:
        report.conflicts.append(object_id)
    try:
        description: Description = json.loads(fetch(found, DESCRIPTION, folder / "dossier.json").read_bytes())
        belongs = [description["dossier"][name] for name in ("agency_id", "unit_id", "fonds_id")]
        own = {description["dossier"]["object_id"], DOSSIER + description["dossier"]["id"]} == {object_id}
    except (NotReadable, *UNFIT) as error:
        log.warning("%s: %s", object_id, error)
        report.miss(object_id)
        return None
    if not own:
        report.miss(f"{object_id}: describes another dossier")
        return None
    if unknown := [each for each in belongs if each and each not in places]:
        report.miss(f"{object_id}: belongs to {unknown[0]}, which is missing")
        return None
    return found, description


def _enter(work: Work, found: Found, description: Description) -> None:
    dossier = enter(work, description, found.inventory.head, hashlib.sha512(found.data).hexdigest())
    now = work.now()
    for root in work.settings.storage:
        held = found.heads.get(root.id, 0)
        # A root that is behind is owed the newer version; one that is away now is looked at when it comes back.
        state = CopyState.not_checked if held == found.inventory.head else CopyState.owed
        work.session.add(
            Copy(dossier_id=dossier.id, root_id=root.id, state=state, version=held, next_check=now)
        )
