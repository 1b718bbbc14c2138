"""What lies in the roots: markers, the newest version of each object, and its files, each proven by its digest."""

from __future__ import annotations

import hashlib
import heapq
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

from archive_service.kernel.digests import Digester, chunks
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import BadKey, ObjectMissing, ObjectStore, StoreAway
from archive_service.work import Archive
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.layout import object_id_at
from preservation.ocfl.state import ObjectState, object_state
from preservation.ocfl.store import content_key, object_folders
from preservation.roots.markers import MARKER, Marker, read_marker

log = logging.getLogger(__name__)
Stores = Mapping[str, ObjectStore]


class NotReadable(Exception):
    """No root gives the file as its inventory names it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The newest version of an object. `heads`: root → the version it holds; `agreeing`: those with these very bytes."""

    inventory: Inventory
    data: bytes
    heads: dict[str, int]
    agreeing: dict[str, ObjectStore]

    @property
    def conflict(self) -> bool:
        """Whether another root holds another version of the same number."""
        return sum(head == self.inventory.head for head in self.heads.values()) > len(self.agreeing)


def find_roots(archive: Archive) -> dict[str, tuple[ObjectStore, Marker]]:
    """The roots that answer and carry a marker. Raises `NotPossible` for none, for those of two
    archives, and for a retired one."""
    found = {}
    for root in archive.settings.storage:
        try:
            marker = read_marker(archive.stores[root.id])
        except StoreAway:
            continue
        if marker is not None and marker.retired_at:
            # It knows nothing of what was destroyed since: the dossiers would be back.
            raise NotPossible(
                f"Kho {root.id} đã ngừng sử dụng từ {marker.retired_at}: bỏ bảng của nó khỏi cài đặt.",
                f"Root {root.id} is retired since {marker.retired_at}: remove its table from the settings.",
                name="root-retired",
            )
        if marker is not None and marker.root_id == root.id:
            found[root.id] = (archive.stores[root.id], marker)
    if len({marker.archive_id for _, marker in found.values()}) != 1:
        raise NotPossible(
            "Không dựng lại được: chưa có kho lưu nào, hoặc các kho thuộc về những kho lưu trữ khác nhau.",
            "Nothing to rebuild from: no root has a marker, or they belong to different archives.",
            name="no-roots",
        )
    return found


def find_object(stores: Stores, object_id: str) -> Found | None:
    """None when no root has a whole version."""
    states = {}
    for root, store in stores.items():
        state = _state(store, object_id)
        if state is not None and state.inventory is not None:
            states[root] = state
    if not states:
        return None
    best = max(states.values(), key=lambda state: state.inventory.head if state.inventory else 0)
    if best.inventory is None:
        return None
    agreeing = {root: stores[root] for root, state in states.items() if state.data == best.data}
    heads = {root: state.inventory.head for root, state in states.items() if state.inventory}
    return Found(best.inventory, best.data, heads, agreeing)


def _state(store: ObjectStore, object_id: str) -> ObjectState | None:
    """None for an object that this root cannot give: a bad sector, a link in its place. Raises `StoreAway` when the
    whole root went away: what lies in it must not be taken for lost."""
    try:
        return object_state(store, object_id)
    except (StoreAway, BadKey) as error:
        if store.stat(MARKER) is None:
            raise
        log.warning("%s in %s: %s", object_id, store.describe(), error)
        return None


def fetch(found: Found, logical_path: str, target: Path) -> Path:
    """The file, from the first root that gives the right bytes. Raises `NotReadable`."""
    digest = found.inventory.files().get(logical_path)
    for store in found.agreeing.values() if digest else ():
        digester = Digester("sha512")
        try:
            with (
                store.open(content_key(found.inventory, digest or ""), fresh=True) as stream,
                target.open("wb") as out,
            ):
                for block in chunks(stream):
                    digester.update(block)
                    out.write(block)
        except (ObjectMissing, StoreAway, BadKey):
            continue
        if digester.hex("sha512") == digest:
            return target
    raise NotReadable(f"{found.inventory.object_id}: {logical_path}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Every object of the roots, each once. `dossiers`: a file of ids, one a line, and how many it holds."""

    system: list[str]
    dossiers: Path
    count: int

    def dossier_ids(self) -> Iterator[str]:
        with self.dossiers.open(encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines)


def list_objects(stores: Stores, file: Path, system: str, dossier: str) -> Listing:
    """One walk over all roots side by side; ids that begin with `system` or `dossier` are told. Memory stays flat."""
    names, count = [], 0
    with file.open("w", encoding="utf-8") as out:
        # Each root's are sorted, so that what several hold comes several times in a row.
        for path, _ in groupby(heapq.merge(*(object_folders(store) for store in stores.values()))):
            found = object_id_at(path) or ""
            if found.startswith(system):
                names.append(found)
            elif found.startswith(dossier):
                out.write(found + "\n")
                count += 1
    return Listing(sorted(names), file, count)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a rebuild starts from."""

    roots: dict[str, tuple[ObjectStore, Marker]]
    listing: Listing

    @property
    def stores(self) -> dict[str, ObjectStore]:
        return {root: store for root, (store, _) in self.roots.items()}

    @property
    def markers(self) -> list[Marker]:
        return [marker for _, marker in self.roots.values()]

    def fingerprint(self) -> str:
        """Equal for the same roots with the same objects and markers; an archive at work writes its markers hourly."""
        digest = hashlib.sha256()
        for root, (_, marker) in sorted(self.roots.items()):
            digest.update(f"{root} {marker}\n".encode())
        with self.listing.dossiers.open("rb") as lines:
            for line in chain((each.encode() for each in self.listing.system), lines):
                digest.update(line)
        return digest.hexdigest()


def look(archive: Archive, folder: Path, system: str, dossier: str) -> Seen:
    """Raises as `find_roots`."""
    roots = find_roots(archive)
    stores = {root: store for root, (store, _) in roots.items()}
    return Seen(roots, list_objects(stores, folder / "dossiers", system, dossier))
