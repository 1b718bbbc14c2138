"""A damaged copy made good from a proven one. What was found is kept as evidence, outside the OCFL tree."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.aips.erase import erase_again
from preservation.aips.pieces import pieces_of
from preservation.aips.repair import evidence_of, repair_object
from preservation.aips.store import copies_of, senders_of
from preservation.audits.fixity import online_copies
from preservation.audits.told import tell
from preservation.copies import beating, claim_copy, give_back, held_copy
from preservation.indexing import owe_index
from preservation.models import Amendment, Copy, CopyState, Dossier, DossierState
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.store import read_inventory
from preservation.roots.markers import root_trouble, writable_root
from preservation.verify import verify_copy

log = logging.getLogger(__name__)


def restore_copy(archive: Archive, actor: Actor, dossier_id: UUID, root_id: str) -> str:
    """Repairs the copy from another one that was just proven good; returns the key prefix of the evidence kept.

    Raises `Missing`, `Conflict` (no copy is good; the copy is in use; a new version is being written), `TryLater`,
    `NotProven`.
    """
    dossier, senders = _restorable(archive, actor, dossier_id, root_id)
    target = writable_root(archive, root_id)
    lease = claim_copy(archive, dossier_id, root_id)
    if lease is None:
        raise Conflict(
            "Bản sao này đang được kiểm tra hoặc khôi phục.",
            "This copy is being checked or restored right now.",
            name="copy-in-use",
        )
    try:
        with beating(archive, dossier_id, root_id, lease):
            source_id, inventory, source_of = _proven_source(archive, dossier, senders, root_id)
            kept = f"{evidence_of(dossier_id)}/{archive.clock.now():%Y%m%dT%H%M%S}"
            repaired = repair_object(inventory, source_of, target, dossier.inventory_digest, senders, kept)
    except BaseException:
        give_back(archive, dossier_id, root_id, lease)
        raise
    if not _enter(archive, actor, dossier, lease, Restored(root_id, source_id, kept, repaired)):
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
        copy = held_copy(work, dossier.id, what.root_id, lease)
        if work.get(Dossier, dossier.id).state is DossierState.destroyed:
            return False
        if (
            copy is not None
        ):  # else our lease ended: the copy is good all the same, the next audit will say so
            copy.lease_until = copy.lease_by = None
            tell(work, dossier, copy, [])
        _owe_lock(work, dossier, what.root_id)
        owe_index(work, dossier)  # while no copy of a text was good, it could not be found by it
        told = {"root": what.root_id, "source": what.source_id, "evidence": what.evidence}
        work.record(Verb.copy_restored, dossier, **told, faults=what.faults)
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


def _proven_source(
    archive: Archive, dossier: Dossier, senders: dict[str, str], but: str
) -> tuple[str, Inventory, Callable[[str], ObjectStore]]:
    """Another root whose copy reads back without a fault now, whatever its row says; else all copies, piece by piece."""
    with archive.look(THE_ARCHIVE) as work:
        rows = [row for row in copies_of(work, dossier.id) if row.root_id != but]
    for row in sorted(rows, key=lambda row: row.state is not CopyState.verified):
        if row.root_id not in archive.stores or root_trouble(archive, row.root_id)[0] != "online":
            continue
        store = archive.stores[row.root_id]
        try:
            fault = next(verify_copy(store, dossier.object_id, dossier.inventory_digest, senders), None)
        except StoreAway as error:
            log.warning("no source for %s: %s", dossier.id, error)
            continue
        if fault is None:
            return row.root_id, read_inventory(store, dossier.object_id), lambda _, good=store: good
    pieces = pieces_of(online_copies(archive, dossier), dossier.object_id, dossier.inventory_digest, senders)
    if pieces is not None:
        return pieces.named(), pieces.inventory, pieces.store_of
    raise Conflict(
        "Không có bản sao nào tốt để khôi phục. Giữ nguyên mọi bản và báo người phụ trách.",
        "No copy is good enough to restore from. Leave every copy as it is and tell whoever is in charge.",
        name="no-good-copy",
    )
