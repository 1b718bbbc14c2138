"""Reading one copy back, past every cache, and comparing it with what the catalogue holds: the sender's digests.

The same code proves a copy before its dossier is called stored and audits it for decades after.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from archive_service.kernel.digests import Digester, chunks
from archive_service.kernel.objects import BadKey, ObjectMissing, ObjectStore, StoreAway
from preservation.ocfl.inventory import (
    INVENTORY,
    SIDECAR,
    Inventory,
    InventoryBroken,
    Paths,
    parse_inventory,
    sidecar,
)
from preservation.ocfl.layout import declaration_of, object_path

FaultKind = Literal["changed", "missing", "extra", "unreadable"]
MOST_INVENTORY_BYTES = 512 << 20
AT_ONCE = 500
"""Contents that are handed to the threads at once: what stands for one in their queue takes two kilobytes."""
UNREADABLE = (StoreAway, BadKey, OSError)
"""A bad sector, a right that is missing, a link on the way."""


@dataclass(frozen=True, slots=True)
class CopyFault:
    """`path` is relative to the object's folder; digests are hexadecimal."""

    kind: FaultKind
    path: str
    found: str = ""
    expected: str = ""


def verify_copy(
    store: ObjectStore,
    object_id: str,
    inventory_digest: str,
    senders: Mapping[str, str],
    beat: Callable[[int], None] = lambda _: None,
    *,
    below: str = "",
) -> Iterator[CopyFault]:
    """Every fault of this copy: changed, missing, extra, unreadable.

    `inventory_digest` is the SHA-512 of the inventory as the catalogue knows it; `senders` gives the SHA-256 from the
    sender's manifest by logical path. `beat` hears the bytes of contents as they are read, from several threads: it may
    wait. `below` is the key prefix of another OCFL root beside the usual one. Raises `StoreAway` when the whole store is
    away: that is no fault of the copy.
    """
    folder = f"{below}/{object_path(object_id)}".lstrip("/")
    try:
        data = _read(store, f"{folder}/{INVENTORY}", MOST_INVENTORY_BYTES)
    except ObjectMissing:
        yield CopyFault("missing", INVENTORY, "", inventory_digest)
        return
    except UNREADABLE as error:
        yield _unreadable(store, folder, INVENTORY, error)
        return
    found = hashlib.sha512(data).hexdigest()
    try:
        inventory = parse_inventory(data)
    except InventoryBroken as error:
        yield CopyFault("changed", INVENTORY, str(error), inventory_digest)
        return
    if found != inventory_digest:
        yield CopyFault("changed", INVENTORY, found, inventory_digest)
        return
    yield from faults_against(store, inventory, senders, beat, folder=folder)


def faults_against(
    store: ObjectStore,
    inventory: Inventory,
    senders: Mapping[str, str],
    beat: Callable[[int], None] = lambda _: None,
    *,
    folder: str = "",
) -> Iterator[CopyFault]:
    """As `verify_copy`, by an inventory that was proven elsewhere: one that is broken here hides nothing else."""
    folder = folder or object_path(inventory.object_id)
    yield from _tree(store, folder, inventory)
    yield from _contents(store, folder, inventory, senders, beat)


def _read(store: ObjectStore, key: str, most: int) -> bytes:
    with store.open(key, fresh=True) as stream:
        return stream.read(most)


def _unreadable(store: ObjectStore, folder: str, path: str, error: Exception, witness: str = "") -> CopyFault:
    """One unreadable file is a fault of the copy, and must not keep the audit from the others; a store that does not
    even tell of the file (or of `witness`) is away: raises the error again."""
    if not isinstance(error, BadKey) and store.stat(f"{folder}/{witness or path}") is None:
        raise error
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return CopyFault("unreadable", path, reason)


def expected_files(inventory: Inventory) -> dict[str, bytes | None]:
    """Every path of a whole object; with its bytes where they follow from the inventory, None for contents."""
    found: dict[str, bytes | None] = dict((declaration_of(inventory.spec),))
    for number in range(1, inventory.head + 1):
        data = as_of(inventory, number).to_bytes()
        found[f"v{number}/{INVENTORY}"], found[f"v{number}/{SIDECAR}"] = data, sidecar(data)
    found[INVENTORY], found[SIDECAR] = data, sidecar(data)
    return found | {path: None for paths in inventory.manifest.values() for path in paths}


def as_of(inventory: Inventory, number: int) -> Inventory:
    """The inventory as it was when that version was the newest: a version only ever adds."""
    if number == inventory.head:
        return inventory

    def then(paths: Paths) -> Paths:
        kept = {
            d: tuple(p for p in each if int(p[1:].partition("/")[0]) <= number) for d, each in paths.items()
        }
        return {digest: each for digest, each in kept.items() if each}

    fixity = {name: then(block) for name, block in inventory.fixity.items()}
    return replace(
        inventory,
        manifest=then(inventory.manifest),
        versions=inventory.versions[:number],
        fixity={name: block for name, block in fixity.items() if block},
    )


def _tree(store: ObjectStore, folder: str, inventory: Inventory) -> Iterator[CopyFault]:
    """Exactly the files that belong here; declarations, inventories and sidecars byte for byte."""
    expected = expected_files(inventory)
    present = set()
    try:
        for info in store.list(folder):
            path = info.key.removeprefix(folder + "/")
            if path in expected and info.regular:
                present.add(path)
            else:  # a link or a pipe in the place of a file is in the way, and the file is missing
                yield CopyFault("extra", path, f"{info.size} bytes")
    except UNREADABLE as error:
        yield _unreadable(store, folder, ".", error, witness=INVENTORY)
        return
    for path, wanted in expected.items():
        if path not in present:
            yield CopyFault("missing", path)
        elif wanted is not None and (fault := _bytes_fault(store, folder, path, wanted)):
            yield fault


def _bytes_fault(store: ObjectStore, folder: str, path: str, wanted: bytes) -> CopyFault | None:
    try:
        held = _read(store, f"{folder}/{path}", len(wanted) + 1)
    except ObjectMissing:
        return CopyFault("missing", path)
    except UNREADABLE as error:
        return _unreadable(store, folder, path, error)
    if held == wanted:
        return None
    return CopyFault("changed", path, *(hashlib.sha512(each).hexdigest() for each in (held, wanted)))


def _contents(
    store: ObjectStore,
    folder: str,
    inventory: Inventory,
    senders: Mapping[str, str],
    beat: Callable[[int], None],
) -> Iterator[CopyFault]:
    """Each content file once, over all cores: hashing releases the interpreter's lock.

    Two threads a core: while one waits for the disk, the other digests.
    """
    logical = inventory.files()
    by_digest = {logical[path]: digest for path, digest in senders.items() if path in logical}

    def digested(path: str, digest: str) -> CopyFault | None:
        return _content(store, folder, path, digest, by_digest.get(digest), beat)

    items = ((path, digest) for digest, paths in inventory.manifest.items() for path in paths)
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        while some := list(islice(items, AT_ONCE)):
            yield from filter(None, pool.map(digested, *zip(*some, strict=True)))
    yield from (CopyFault("missing", p, "", digest) for p, digest in senders.items() if p not in logical)


def _content(
    store: ObjectStore,
    folder: str,
    path: str,
    sha512: str,
    senders_sha256: str | None,
    beat: Callable[[int], None],
) -> CopyFault | None:
    """Against the sender's own digest where there is one, else against the inventory's; a missing one was told."""
    algorithm, expected = ("sha256", senders_sha256) if senders_sha256 else ("sha512", sha512)
    digester = Digester(algorithm)
    try:
        with store.open(f"{folder}/{path}", fresh=True) as stream:
            for block in chunks(stream):
                digester.update(block)
                beat(len(block))
    except ObjectMissing:
        return None
    except UNREADABLE as error:
        return _unreadable(store, folder, path, error)
    found = digester.hex(algorithm)
    return None if found == expected else CopyFault("changed", path, found, expected)
