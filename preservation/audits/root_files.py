"""A root's own files: what OCFL declares at its top, and what lies where nothing of ours belongs."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore, StoreAway, StoreProblem, tree_of
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.port import DEPOSIT
from archive_service.work import Archive
from preservation.aips.repair import EVIDENCE
from preservation.incidents.register import open_incident
from preservation.ocfl.layout import OCFL_ROOT, ROOT_FILES, object_id_at
from preservation.ocfl.state import read_small
from preservation.offline import OURS
from preservation.roots.canaries import CANARIES
from preservation.roots.encrypted_roots import DECLARATION as ENCRYPTION
from preservation.roots.markers import MARKER, root_trouble
from preservation.roots.retired import serving
from preservation.system.objects import TAIL

log = logging.getLogger(__name__)
TOP = frozenset({ENCRYPTION, MARKER, TAIL, OCFL_ROOT, EVIDENCE, CANARIES, DEPOSIT})
"""All that this archive makes at the top of a root."""
OBJECT_DEPTH = 5
"""Segments of an object's folder: `ocfl/abc/def/012/name`."""


def audit_root_files(archive: Archive, *, skip: Collection[str]) -> int:
    """Compares the declarations of every root byte for byte; returns how many were not as they must be.

    They are the same in every archive, so one that is damaged is made good at once, and told.
    """
    count = 0
    for root in archive.settings.storage:
        if root.id in skip:
            continue
        store = archive.stores[root.id]
        for key, expected in ROOT_FILES.items():
            try:
                got = read_small(store, key, len(expected))
            except (StoreAway, OSError) as error:
                log.warning("%s of %s not read: %s", key, root.id, error)
                continue
            if got != expected:
                count += 1
                _tell(archive, root.id, key, got, expected)
                _mend(store, key, expected)
    return count


def _tell(archive: Archive, root_id: str, key: str, got: bytes | None, expected: bytes) -> None:
    kind = "missing" if got is None else "changed"
    found = "" if got is None else _digest(got)
    with archive.work(THE_ARCHIVE) as work:
        open_incident(work, kind, root_id=root_id, path=key, found=found, expected=_digest(expected))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mend(store: ObjectStore, key: str, data: bytes) -> None:
    try:
        store.put(key, data)
    except (StoreAway, StoreProblem) as error:
        log.warning("%s of %s not made good: %s", key, store.describe(), error)


def stray_files(store: ObjectStore, *, offline: bool = False) -> Iterator[str]:
    """Keys in the root that lie in no object and are none of the archive's own. Walks the whole root, names only.

    `offline`: what explains and seals an offline set is its own too.
    """
    own = {ENCRYPTION, MARKER, TAIL, *ROOT_FILES} | (OURS if offline else set())
    told = ""
    for info in store.list():
        segments = info.key.rstrip("/").split("/")
        if info.regular and (info.key in own or segments[0] in (EVIDENCE, CANARIES)):
            continue
        place = "/".join(segments[:OBJECT_DEPTH])
        if segments[0] != OCFL_ROOT or len(segments) <= OBJECT_DEPTH:
            yield info.key
        elif object_id_at(place) is None and place != told:
            told = place
            yield place


def foreign_at_top(archive: Archive) -> list[tuple[str, str]]:
    """(root id, name) of what lies at the top of a root in use and is none of ours: one listing a root, for the start.

    What lies deeper, and every incident about it, is the weekly walk's (`stray_files`), which is owed at once then.
    """
    found: list[tuple[str, str]] = []
    for root in serving(archive):
        if root_trouble(archive, root.id)[0] != "online":
            continue
        store = archive.stores[root.id]
        own = TOP | (OURS if root.role == "offline" else set())
        try:
            entries = tree_of(store.inner if isinstance(store, EncryptedStore) else store).children("")
        except (StoreAway, OSError) as error:
            log.warning("top of %s not read: %s", root.id, error)
            continue
        found += [(root.id, each.name) for each in entries if each.name not in own]
    if found:
        with archive.work(THE_ARCHIVE) as work:
            work.owe("strays_run")
    return found
