"""A damaged copy made good from a proven one. What was found is kept as evidence, outside the OCFL tree."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from itertools import islice
from uuid import UUID

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive
from preservation.aips import NotProven, copies_of, senders_of
from preservation.copies import claim_copy, give_back, held_copy
from preservation.fixity import tell
from preservation.models import Amendment, Copy, CopyState, Dossier, DossierState
from preservation.ocfl.copies import mend_file
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.layout import object_path
from preservation.ocfl.store import erase_object, read_inventory
from preservation.roots import root_trouble, writable_root
from preservation.verify import CopyFault, expected_files, verify_copy

log = logging.getLogger(__name__)
EVIDENCE = "evidence"
ROUNDS = 3
"""Broken inventories hide what else is broken: each round repairs what the one before laid open."""
MOST_FAULTS = 10_000


def evidence_of(dossier_id: UUID) -> str:
    """The key prefix, in every root, of what damaged copies of the dossier held. Destroyed with it."""
    return f"{EVIDENCE}/{dossier_id}"


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
        source_id, source = _proven_source(archive, dossier, senders, root_id)
        kept = f"{evidence_of(dossier_id)}/{archive.clock.now():%Y%m%dT%H%M%S}"
        repaired = _repair(source, target, dossier, senders, kept)
    except BaseException:
        give_back(archive, dossier_id, root_id, lease)
        raise
    with archive.work(actor) as work:
        copy = held_copy(work, dossier_id, root_id, lease)
        if copy is not None and work.get(Dossier, dossier_id).state is not DossierState.destroyed:
            copy.lease_until = None
            tell(work, dossier, copy, [])
            work.record(
                Verb.copy_restored, dossier, root=root_id, source=source_id, evidence=kept, faults=repaired
            )
            return kept
    # Destroyed while we wrote: what came back must go again.
    erase_object(target, dossier.object_id)
    target.purge(evidence_of(dossier_id))
    raise Conflict("Hồ sơ đã bị hủy.", "The dossier was destroyed meanwhile.", name="destroyed")


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
) -> tuple[str, ObjectStore]:
    """Another root whose copy reads back without a fault now, whatever its row says."""
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
            return row.root_id, store
    raise Conflict(
        "Không có bản sao nào tốt để khôi phục. Giữ nguyên mọi bản và báo người phụ trách.",
        "No copy is good enough to restore from. Leave every copy as it is and tell whoever is in charge.",
        name="no-good-copy",
    )


def _repair(
    source: ObjectStore, target: ObjectStore, dossier: Dossier, senders: dict[str, str], kept: str
) -> list[str]:
    inventory = read_inventory(source, dossier.object_id)
    told: list[str] = []
    for number in range(ROUNDS):
        found = verify_copy(target, dossier.object_id, dossier.inventory_digest, senders)
        faults = list(islice(found, MOST_FAULTS))
        if not faults:
            return told
        told += [f"{fault.kind} {fault.path}" for fault in faults]
        _keep_evidence(target, dossier, faults, f"{kept}/{number}")
        for fault in faults:
            _mend(source, target, inventory, fault)
    fault_left = next(verify_copy(target, dossier.object_id, dossier.inventory_digest, senders), None)
    if fault_left is not None:
        raise NotProven(f"{target.describe()}: {fault_left.kind} {fault_left.path}")
    return told


def _keep_evidence(target: ObjectStore, dossier: Dossier, faults: list[CopyFault], prefix: str) -> None:
    """The bytes as they were found, beside a list of what was wrong; bytes that cannot be read are only listed."""
    folder = object_path(dossier.object_id)
    target.put(f"{prefix}/faults.json", json.dumps([asdict(f) for f in faults], ensure_ascii=False).encode())
    for number, fault in enumerate(faults):
        if fault.kind not in ("changed", "extra"):
            continue
        try:
            with target.open(f"{folder}/{fault.path}", fresh=True) as stream:
                target.put(f"{prefix}/{number:06}", stream)
        except ObjectMissing:
            log.warning("no bytes of %s %s: a link, a device or an empty folder", dossier.id, fault.path)


def _mend(source: ObjectStore, target: ObjectStore, inventory: Inventory, fault: CopyFault) -> None:
    folder = object_path(inventory.object_id)
    own = expected_files(inventory)
    if fault.kind == "extra":
        target.delete_tree(f"{folder}/{fault.path}".rstrip("/"))
    elif fault.path in own and own[fault.path] is None:
        mend_file(source, target, inventory, fault.path)
    else:
        # Without whole inventories nothing can be told of the rest: all of them at once.
        for path, data in own.items():
            if data is not None and not _same(target, f"{folder}/{path}", data):
                target.put(f"{folder}/{path}", data)


def _same(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        with store.open(key, fresh=True) as stream:
            return stream.read(len(data) + 1) == data
    except ObjectMissing:
        return False
