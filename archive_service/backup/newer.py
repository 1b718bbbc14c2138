"""A restored database beside storage that went on: what it does not know, told before anybody starts it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import LogHead
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.state import archive_state
from archive_service.rebuild.found import find_object, find_roots
from archive_service.work import Archive
from preservation.audits.strays import DOSSIER
from preservation.invariants.breach import PAGE, living_pages
from preservation.models import Dossier, SystemObject
from preservation.ocfl.layout import object_path
from preservation.ocfl.state import read_small
from preservation.ocfl.store import object_ids
from preservation.system.objects import LOG, segment_range
from preservation.system.store import SYSTEM, system_id

MOST = 100


@dataclass(slots=True)
class Newer:
    """Dossiers stored since the backup, those changed since, those destroyed since, and log entries since.

    `system`: system objects (log, people, holds ...) written since. `epochs`: how many times the log was anchored since.
    """

    stored: int = 0
    changed: int = 0
    gone: int = 0
    log_entries: int = 0
    system: int = 0
    epochs: int = 0
    examples: list[str] = field(default_factory=list)
    """The first hundred objects, by id."""

    def __bool__(self) -> bool:
        return any((self.stored, self.changed, self.gone, self.log_entries, self.system, self.epochs))

    def note(self, object_id: str) -> None:
        if len(self.examples) < MOST:
            self.examples.append(object_id)


def newer_in_storage(target: Archive) -> Newer:
    """Walks the roots that answer; memory stays flat. Raises `NotPossible` for no root, or for those of another archive."""
    roots, found = find_roots(target), Newer()
    with target.look(OPERATOR) as work:
        state, head = archive_state(work.session), work.session.get_one(LogHead, 1)
        for _, marker in roots.values():
            if marker.archive_id != str(state.archive_id):
                raise NotPossible(
                    "Kho lưu trong cài đặt thuộc về kho lưu trữ khác với bản sao lưu.",
                    "The storage roots of the settings belong to another archive than the backup.",
                    name="foreign-root",
                )
            anchored = max((anchor.number for anchor in marker.log_anchors()), default=0)
            found.epochs = max(found.epochs, marker.epoch - state.epoch)
            found.log_entries = max(found.log_entries, anchored - head.number)
    stores = {root: store for root, (store, _) in roots.items()}
    _system_objects(target, stores, _objects(target, stores, found), found)
    for page in living_pages(target):
        for dossier in page:
            key = f"{object_path(dossier.object_id)}/inventory.json"
            if not any(store.stat(key) for store in stores.values()):
                found.gone += 1
                found.note(dossier.object_id)
    return found


def _objects(target: Archive, stores: Mapping[str, ObjectStore], found: Newer) -> set[str]:
    """Each dossier once: in the first root that has it. Returns the ids of the system objects that it met."""
    earlier: list[ObjectStore] = []
    system: set[str] = set()
    for store in stores.values():
        ids = object_ids(store)
        while batch := list(islice(ids, PAGE)):
            system.update(each for each in batch if each.startswith(SYSTEM))
            dossiers = (each for each in batch if each.startswith(DOSSIER))
            mine = [
                i for i in dossiers if not any(e.stat(f"{object_path(i)}/inventory.json") for e in earlier)
            ]
            known = _known(target, mine)
            for object_id in mine:
                if object_id not in known:
                    found.stored += 1
                    found.note(object_id)
                elif known[object_id] != _digest(store, object_id):
                    found.changed += 1
                    found.note(object_id)
        earlier.append(store)
    return system


def _system_objects(target: Archive, stores: Mapping[str, ObjectStore], ids: set[str], found: Newer) -> None:
    """They are written between two anchors, too: a log that goes on beside a segment it does not know never meets it."""
    with target.look(OPERATOR) as work:
        rows = work.session.scalars(select(SystemObject))
        known = {system_id(row.name): (row.version, row.inventory_digest) for row in rows}
        head = work.session.get_one(LogHead, 1).number
    for object_id in sorted(ids):
        newest, (version, digest) = find_object(stores, object_id), known.get(object_id, (0, ""))
        if newest is None or newest.inventory.head < version:
            continue
        if hashlib.sha512(newest.data).hexdigest() == digest:
            continue
        found.system += 1
        found.note(object_id)
        if object_id.startswith(system_id(f"{LOG}-")):
            upto = max(segment_range(path)[1] for path in newest.inventory.files())
            found.log_entries = max(found.log_entries, upto - head)


def _known(target: Archive, ids: list[str]) -> dict[str, str]:
    keys = []
    for object_id in ids:
        try:
            keys.append(UUID(object_id.removeprefix(DOSSIER)))
        except ValueError:
            continue
    with target.look(OPERATOR) as work:
        rows = work.session.execute(
            select(Dossier.object_id, Dossier.inventory_digest).where(Dossier.id.in_(keys))
        )
        return {row[0]: row[1] for row in rows}


def _digest(store: ObjectStore, object_id: str) -> str:
    data = read_small(store, f"{object_path(object_id)}/inventory.json")
    return hashlib.sha512(data or b"").hexdigest()
