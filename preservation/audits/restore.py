"""A damaged copy made good from a proven one. What was found is kept as evidence, outside the OCFL tree."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import Conflict, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.aips.erase import erase_again
from preservation.aips.pieces import Pieces, pieces_of
from preservation.aips.repair import evidence_of, repair_object
from preservation.aips.store import copies_of, senders_of
from preservation.audits.told import tell
from preservation.copies import beating, claim_copy, give_back, held_copy, holding
from preservation.indexing import owe_index
from preservation.models import Amendment, Copy, CopyState, Dossier, DossierState
from preservation.ocfl.store import read_inventory
from preservation.roots.markers import root_trouble, writable_root
from preservation.verify import verify_copy

log = logging.getLogger(__name__)


def restore_copy(archive: Archive, actor: Actor, dossier_id: UUID, root_id: str) -> str:
    """Repairs the copy from another one that was just proven good; returns the key prefix of the evidence kept.

    Its sources are held against writers meanwhile: a version that lands half-way would pass for damage. Raises
    `Missing`, `Conflict` (no copy is good; the copy is in use; a new version is being written), `TryLater`, `NotProven`,
    `ContentChanged`.
    """
    _restorable(archive, actor, dossier_id, root_id)
    target = writable_root(archive, root_id)
    lease = claim_copy(archive, dossier_id, root_id)
    if lease is None:
        raise Conflict(
            "Bản sao này đang được kiểm tra hoặc khôi phục.",
            "This copy is being checked or restored right now.",
            name="copy-in-use",
        )
    try:
        with beating(archive, dossier_id, root_id, lease), ExitStack() as leases:
            others, busy = _hold_others(archive, dossier_id, root_id, leases)
            dossier, senders = _restorable(archive, actor, dossier_id, root_id)  # as it is while we hold it
            source = _proven_source(archive, dossier, senders, others, {root_id: target}, busy)
            kept = f"{evidence_of(dossier_id)}/{archive.clock.now():%Y%m%dT%H%M%S}"
            faults = repair_object(
                source.inventory, source.store_of, target, dossier.inventory_digest, senders, kept
            )
            # Looked at again: a disk that vanished since left its copy on the mount point.
            writable_root(archive, root_id)
    except BaseException:
        give_back(archive, dossier_id, root_id, lease)
        raise
    if not _enter(archive, actor, dossier, lease, Restored(root_id, source.named(), kept, faults)):
        # Destroyed while we wrote: what came back must go again.
        erase_again(archive, dossier, [root_id])
        raise Conflict("Hồ sơ đã bị hủy.", "The dossier was destroyed meanwhile.", name="destroyed")
    return kept


@dataclass(frozen=True, slots=True)
class Restored:
    root_id: str
    source_id: str
    evidence: str
    faults: list[str]


def _enter(archive: Archive, actor: Actor, dossier: Dossier, lease: UUID, what: Restored) -> bool:
    """Notes the good copy and the act; False when the dossier is no more."""
    with archive.work(actor) as work:
        # Its lock: an amendment that commits now must see this copy good, or this must see the new version.
        newest = work.session.get_one(Dossier, dossier.id, with_for_update=True)
        copy = held_copy(work, dossier.id, what.root_id, lease)
        if copy is not None:
            copy.lease_until = copy.lease_by = None
        if newest.state is DossierState.destroyed:
            return False
        if copy is None:
            pass  # our lease ended: the copy is good all the same, the next audit will say so
        elif newest.inventory_digest == dossier.inventory_digest:
            tell(work, newest, copy, [])
        else:  # amended meanwhile: whole, and a version behind
            copy.state = CopyState.owed
            work.owe("make_copy", dossier.id, what.root_id)
        _owe_lock(work, newest, what.root_id)
        owe_index(work, newest)  # while no copy of a text was good, it could not be found by it
        told = {"root": what.root_id, "source": what.source_id, "evidence": what.evidence}
        work.record(Verb.copy_restored, newest, **told, faults=what.faults)
        work.later(
            "note_repair", dossier.id, what.root_id, what.source_id, what.evidence, work.now().isoformat()
        )
    return True


def _owe_lock(work: Work, dossier: Dossier, root_id: str) -> None:
    """What was written anew lies there as new versions, which no lock covers yet."""
    mine = update(Copy).where(Copy.dossier_id == dossier.id, Copy.root_id == root_id)
    work.session.execute(mine.values(locked_version=0))
    work.owe("lock_run")


def _restorable(
    archive: Archive, actor: Actor, dossier_id: UUID, root_id: str
) -> tuple[Dossier, dict[str, str]]:
    with archive.look(actor) as work:
        dossier: Dossier = work.get(Dossier, dossier_id)
        work.allow_on(Permission.handle_incidents, dossier.unit_id, dossier.fonds_id)
        copy: Copy = work.get(Copy, (dossier_id, root_id))
        busy = copy.state is CopyState.owed or work.session.get(Amendment, dossier_id) is not None
        if busy or dossier.state is DossierState.destroyed:
            raise Conflict(
                "Bản sao này đang được ghi, không phải khôi phục.",
                "This copy is being written; there is nothing to restore.",
                name="not-restorable",
            )
        return dossier, senders_of(work, dossier_id)


def _hold_others(
    archive: Archive, dossier_id: UUID, but: str, leases: ExitStack
) -> tuple[dict[str, ObjectStore], list[TryLater]]:
    """The other copies that can be read now, held against writers, the likeliest good first; and why not the others."""
    with archive.look(THE_ARCHIVE) as work:
        rows = [row for row in copies_of(work, dossier_id) if row.root_id != but]
    found: dict[str, ObjectStore] = {}
    busy: list[TryLater] = []
    for row in sorted(rows, key=lambda row: row.state is not CopyState.verified):
        if row.root_id not in archive.stores or root_trouble(archive, row.root_id)[0] != "online":
            continue
        try:
            leases.enter_context(holding(archive, dossier_id, row.root_id))
        except TryLater as error:
            busy.append(error)
        else:
            found[row.root_id] = archive.stores[row.root_id]
    return found, busy


def _proven_source(
    archive: Archive,
    dossier: Dossier,
    senders: dict[str, str],
    others: Mapping[str, ObjectStore],
    target: Mapping[str, ObjectStore],
    busy: Sequence[TryLater],
) -> Pieces:
    """A copy that reads back without a fault now, whatever its row says; else all copies, piece by piece.

    Raises `Conflict` when there is none; `TryLater` while one that others hold may be it.
    """
    for root_id, store in others.items():
        try:
            fault = next(verify_copy(store, dossier.object_id, dossier.inventory_digest, senders), None)
        except StoreAway as error:
            log.warning("no source for %s: %s", dossier.id, error)
            continue
        if fault is None:
            inventory = read_inventory(store, dossier.object_id)
            return Pieces(inventory, {root_id: store}, {root_id: frozenset()})
    pieces = pieces_of({**others, **target}, dossier.object_id, dossier.inventory_digest, senders)
    if pieces is not None:
        return pieces
    if busy:
        raise busy[0]
    raise Conflict(
        "Không có bản sao nào tốt để khôi phục. Giữ nguyên mọi bản và báo người phụ trách.",
        "No copy is good enough to restore from. Leave every copy as it is and tell whoever is in charge.",
        name="no-good-copy",
    )
