"""The catalogue against every root, and every root against the catalogue.

Inventories and descriptions are read and digested, contents are not: that is the fixity audit's work, night by night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.digests import digest_stream
from archive_service.kernel.objects import ObjectMissing, ObjectStore
from archive_service.work import Archive
from preservation.aips.catalogue import DESCRIPTION
from preservation.audits.strays import SYSTEM, stray_objects
from preservation.audits.told import BAD
from preservation.invariants.breach import Breach, living_pages
from preservation.models import Amendment, Copy, CopyState, Dossier, DossierState, KeptPaper, SystemObject
from preservation.ocfl.inventory import Inventory, InventoryBroken, parse_inventory
from preservation.ocfl.layout import object_path
from preservation.ocfl.state import read_small
from preservation.ocfl.store import content_key, object_ids
from preservation.roots.markers import root_trouble
from preservation.roots.retired import serving
from preservation.system.store import online_stores, system_id


def roots_answer(archive: Archive) -> Iterator[Breach]:
    """A root that does not answer cannot be compared: that is told, never passed over."""
    for root in serving(archive):
        state, reason = root_trouble(archive, root.id)
        if state != "online":
            yield Breach("root-not-checked", root.id, "away" if state == "away" else reason)


def copies_are_there(archive: Archive) -> Iterator[Breach]:
    """Each living dossier: enough copies, and in every root that should have one the inventory and the description."""
    stores = online_stores(archive)
    with ThreadPoolExecutor(archive.settings.workers) as pool:
        for page in living_pages(archive):
            copies = _copies(archive, page)
            for dossier in page:
                yield from _enough(archive, dossier, copies[dossier.id])
            wanted = [
                (stores[copy.root_id], dossier, copy)
                for dossier in page
                for copy in copies[dossier.id]
                if copy.root_id in stores and copy.state is not CopyState.owed
            ]
            for breach in pool.map(lambda each: _compared(archive, *each), wanted):
                if breach is not None:
                    yield breach


def _copies(archive: Archive, page: Sequence[Dossier]) -> dict[object, list[Copy]]:
    found: dict[object, list[Copy]] = {dossier.id: [] for dossier in page}
    with archive.look(THE_ARCHIVE) as work:
        for copy in work.session.scalars(select(Copy).where(Copy.dossier_id.in_(found))):
            found[copy.dossier_id].append(copy)
    return found


def _enough(archive: Archive, dossier: Dossier, copies: Sequence[Copy]) -> Iterator[Breach]:
    domains = {root.id: root.failure_domain for root in archive.settings.storage}
    good = {domains[c.root_id] for c in copies if c.root_id in domains and c.state not in (*BAD, "owed")}
    owed = {domains[c.root_id] for c in copies if c.root_id in domains and c.state is CopyState.owed}
    required = archive.settings.required_copies
    if not good or len(good | owed) < required:
        yield Breach("copies-too-few", str(dossier.id), str(len(good)), str(required))
    for copy in copies:
        if copy.root_id not in domains:
            yield Breach("copy-root-unknown", f"{dossier.id} {copy.root_id}")
        elif copy.state in BAD:
            yield Breach("copy-damaged", f"{dossier.id} {copy.root_id}", copy.state.value, "verified")


def _compared(archive: Archive, store: ObjectStore, dossier: Dossier, copy: Copy) -> Breach | None:
    subject = f"{dossier.id} {copy.root_id}"
    data, code, found = _inventory(store, dossier.object_id), "", ""
    if data is None:
        code = "copy-missing"
    elif (found := hashlib.sha512(data).hexdigest()) != dossier.inventory_digest:
        code = "copy-differs"
    elif not _described(store, data):
        return _still(archive, dossier, copy, Breach("description-missing", subject, "", DESCRIPTION))
    return (
        _still(archive, dossier, copy, Breach(code, subject, found, dossier.inventory_digest))
        if code
        else None
    )


def _inventory(store: ObjectStore, object_id: str) -> bytes | None:
    return read_small(store, f"{object_path(object_id)}/inventory.json")


def _described(store: ObjectStore, data: bytes) -> bool:
    """Whether the description lies there with the bytes that the inventory names: a rebuild reads only this."""
    try:
        inventory: Inventory = parse_inventory(data)
        digest = inventory.files()[DESCRIPTION]
        with store.open(content_key(inventory, digest), fresh=True) as stream:
            return digest_stream(stream, "sha512").hex("sha512") == digest
    except (InventoryBroken, KeyError, ObjectMissing):
        return False


def _still(archive: Archive, dossier: Dossier, copy: Copy, breach: Breach) -> Breach | None:
    """The breach, unless the dossier or this copy was being changed while it was read."""
    with archive.look(THE_ARCHIVE) as work:
        now, row = work.session.get(Dossier, dossier.id), work.session.get(Copy, (dossier.id, copy.root_id))
        amending = work.session.get(Amendment, dossier.id) is not None
        busy = row is None or row.state is CopyState.owed
        leased = row is not None and row.lease_until is not None and row.lease_until > work.now()
    gone = now is None or now.state is DossierState.destroyed
    changed = now is None or now.inventory_digest != dossier.inventory_digest
    return None if gone or changed or amending or busy or leased else breach


def objects_are_known(archive: Archive) -> Iterator[Breach]:
    """Every object in every root: a dossier's that has a copy there, or a system object of the catalogue."""
    with archive.look(THE_ARCHIVE) as work:
        names = {system_id(name) for name in work.session.scalars(select(SystemObject.name))}
    for root_id, store in online_stores(archive).items():
        for object_id in stray_objects(archive, root_id):
            yield Breach("object-unknown", f"{root_id} {object_id}")
        for object_id in object_ids(store):
            if object_id.startswith(SYSTEM) and object_id not in names:
                yield Breach("system-object-unknown", f"{root_id} {object_id}")


def system_objects_are_there(archive: Archive) -> Iterator[Breach]:
    """Each system object's newest version in the roots that had it, and in them each paper that was kept."""
    stores = online_stores(archive)
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(SystemObject).order_by(SystemObject.name)).all()
    for row in rows:
        for root_id in row.roots:
            if root_id in stores and (breach := _system(archive, stores[root_id], row, root_id)):
                yield breach
    yield from _papers(archive, stores)


def _system(archive: Archive, store: ObjectStore, row: SystemObject, root_id: str) -> Breach | None:
    data = _inventory(store, system_id(row.name))
    found = hashlib.sha512(data).hexdigest() if data is not None else ""
    if found == row.inventory_digest:
        return None
    with archive.look(THE_ARCHIVE) as work:
        now = work.session.get(SystemObject, row.name)
    if now is None or now.inventory_digest != row.inventory_digest:
        return None
    code = "system-object-differs" if found else "system-object-missing"
    return Breach(code, f"{root_id} {row.name}", found, row.inventory_digest)


def _papers(archive: Archive, stores: dict[str, ObjectStore]) -> Iterator[Breach]:
    known: dict[str, frozenset[str]] = {}
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.execute(select(KeptPaper.sha256, KeptPaper.name).order_by(KeptPaper.name)).all()
    for sha256, name in rows:
        if name not in known:
            known = {name: _logical(stores, name)}
        if stores and f"papers/{sha256}" not in known[name]:
            yield Breach("paper-not-in-storage", sha256, "", name)


def _logical(stores: dict[str, ObjectStore], name: str) -> frozenset[str]:
    found: set[str] = set()
    for store in stores.values():
        data = _inventory(store, system_id(name))
        try:
            found |= set(parse_inventory(data).files()) if data is not None else set()
        except InventoryBroken:
            continue
    return frozenset(found)
