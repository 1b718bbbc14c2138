"""Making a damaged object good from a proven one; what was found is kept as evidence, outside the OCFL tree."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from uuid import UUID

from archive_service.kernel.objects import ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.objects.encrypted import EncryptedStore
from preservation.aips.store import NotProven
from preservation.ocfl.copies import mend_file
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.layout import object_path
from preservation.verify import UNREADABLE, CopyFault, expected_files, verify_copy

log = logging.getLogger(__name__)
ROUNDS = 3
"""Broken inventories hide what else is broken: each round repairs what the one before laid open."""
MOST_FAULTS = 10_000
EVIDENCE = "evidence"


def evidence_of(dossier_id: UUID) -> str:
    """The key prefix, in every root, of what damaged copies of the dossier held. Destroyed with it."""
    return f"{EVIDENCE}/{dossier_id}"


def repair_object(
    inventory: Inventory,
    source_of: Callable[[str], ObjectStore],
    target: ObjectStore,
    inventory_digest: str,
    senders: Mapping[str, str],
    kept: str,
) -> list[str]:
    """Makes the object in `target` what the inventory says, which the caller has proven; returns what was wrong.

    `source_of` gives a store whose file at that content path is good.
    `kept` is the key prefix in `target` for what was found. Raises `NotProven`, `ContentChanged`, `StoreAway`.
    """
    object_id = inventory.object_id
    told: list[str] = []
    for number in range(ROUNDS):
        found = verify_copy(target, object_id, inventory_digest, senders)
        faults = list(islice(found, MOST_FAULTS))
        if not faults:
            return told
        told += [f"{fault.kind} {fault.path}" for fault in faults]
        _keep_evidence(target, object_id, faults, f"{kept}/{number}")
        for fault in faults:
            _mend(source_of, target, inventory, fault)
    fault_left = next(verify_copy(target, object_id, inventory_digest, senders), None)
    if fault_left is not None:
        raise NotProven(f"{target.describe()}: {fault_left.kind} {fault_left.path}")
    return told


def _keep_evidence(target: ObjectStore, object_id: str, faults: list[CopyFault], prefix: str) -> None:
    """The bytes as they were found, beside a list of what was wrong; bytes that cannot be read are only listed.

    In an encrypted root a file that does not open any more is kept sealed as it was found (`000000.age`).
    """
    folder = object_path(object_id)
    target.put(f"{prefix}/faults.json", json.dumps([asdict(f) for f in faults], ensure_ascii=False).encode())
    for number, fault in enumerate(faults):
        key = f"{folder}/{fault.path}"
        try:
            if fault.kind in ("changed", "extra"):
                with target.open(key, fresh=True) as stream:
                    target.put(f"{prefix}/{number:06}", stream)
            elif fault.kind == "unreadable" and isinstance(target, EncryptedStore):
                _keep_sealed(target, key, f"{prefix}/{number:06}.age")
        except ObjectMissing:
            log.warning("no bytes of %s %s: a link, a device or an empty folder", object_id, fault.path)


def _keep_sealed(target: EncryptedStore, key: str, kept: str) -> None:
    try:
        with target.open_sealed(key, fresh=True) as stream:
            target.put(kept, stream)
    except UNREADABLE as error:
        log.warning("not even the sealed bytes of %s: %s", key, error)  # a bad sector below


def _mend(
    source_of: Callable[[str], ObjectStore], target: ObjectStore, inventory: Inventory, fault: CopyFault
) -> None:
    folder = object_path(inventory.object_id)
    own = expected_files(inventory)
    if fault.kind == "extra":
        target.delete_tree(f"{folder}/{fault.path}".rstrip("/"))
    elif fault.path in own and own[fault.path] is None:
        mend_file(source_of(fault.path), target, inventory, fault.path)
    else:
        # Without whole inventories nothing can be told of the rest: all of them at once.
        for path, data in own.items():
            if data is not None and not _same(target, f"{folder}/{path}", data):
                target.put(f"{folder}/{path}", data)


def _same(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        with store.open(key, fresh=True) as stream:
            return stream.read(len(data) + 1) == data
    except (ObjectMissing, StoreAway):
        return False  # a bad sector is written over; a root that is away says so when it is written to
