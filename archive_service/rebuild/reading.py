"""The newest version of each object, read by processes beside this one: a rebuild mostly opens small files.

Nothing comes back but bytes that the object's inventory vouches for, and what each root holds.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import uuid4

from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.kernel.settings import Settings
from archive_service.rebuild.found import NotReadable, Stores, fetch, find_object
from archive_service.work import Archive
from preservation.aips.catalogue import DESCRIPTION
from preservation.ocfl.layout import object_path

TOGETHER = 16
"""Objects that a process reads in one go; a few goes of each process are under way at once."""
THREADS_ON_DISK, THREADS_OVER_NETWORK = 2, 8
"""A disk answers faster than Python reckons: with 4 threads in each of two processes the threads took turns at the lock,
and 300 objects a second became 220. A server is waited for, whole round trips for each object."""
AHEAD = 3
FEW = 200
LARGE = 256 << 10


@dataclass(frozen=True, slots=True)
class Read:
    """An object as its roots hold it. `description` is None where no root gives it, or gives no whole version."""

    object_id: str
    description: bytes | Path | None = None
    """A large one stays in its file: dozens of them in memory would be gigabytes."""
    version: int = 0
    inventory_digest: str = ""
    heads: dict[str, int] = field(default_factory=dict)
    """Root → the version it holds."""
    conflict: bool = False


def read_objects(
    settings: Settings, roots: Sequence[str], ids: Iterator[str], count: int, folder: Path
) -> Iterator[Read]:
    """The objects in the order of `ids`, at most `count` of them; memory stays flat.

    Raises `StoreAway` when a root went away meanwhile.
    """
    with _pool(settings.workers, partial(_open, settings, roots, folder), few=count < FEW) as pool:
        under_way: deque[Future[list[Read] | _Away]] = deque()
        while True:
            while len(under_way) < settings.workers * AHEAD and (batch := list(islice(ids, TOGETHER))):
                under_way.append(pool.submit(_read_batch, batch))
            if not under_way:
                return
            found = under_way.popleft().result()
            if isinstance(found, _Away):
                raise StoreAway(found.where, found.reason)
            yield from found


def _pool(workers: int, begin: Callable[[], None], *, few: bool) -> Executor:
    """A process takes a second to start: a few objects are read here."""
    if few:
        return ThreadPoolExecutor(1, initializer=begin)
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), begin)


@dataclass(frozen=True, slots=True)
class _Away:
    """`StoreAway` as it travels between processes."""

    where: str
    reason: str


_stores: dict[str, ObjectStore] = {}
_folder = Path()
_threads = THREADS_ON_DISK


def _open(settings: Settings, roots: Sequence[str], folder: Path) -> None:
    """In each process, once."""
    global _folder, _threads
    archive = Archive(settings)
    _stores.clear()
    _stores.update({root: archive.stores[root] for root in roots})
    _folder = folder
    far = any(root.url.startswith("s3:") for root in settings.storage if root.id in roots)
    _threads = THREADS_OVER_NETWORK if far else THREADS_ON_DISK


def _read_batch(ids: Sequence[str]) -> list[Read] | _Away:
    try:
        with ThreadPoolExecutor(_threads) as threads:
            found = threads.map(lambda each: read_object(_stores, each, _folder), ids)
            return [each for each in found if each is not None]
    except StoreAway as error:
        return _Away(error.where, error.reason)


def read_object(stores: Stores, object_id: str, folder: Path) -> Read | None:
    """None where nothing lies at all: an emptied folder. Raises `StoreAway`."""
    found = find_object(stores, object_id)
    if found is None:
        path = object_path(object_id)
        return Read(object_id) if any(next(store.list(path), None) for store in stores.values()) else None
    description: bytes | Path | None = None
    with suppress(NotReadable):
        description = fetch(found, DESCRIPTION, folder / f"{uuid4()}.json")
        if description.stat().st_size <= LARGE:
            file, description = description, description.read_bytes()
            file.unlink()
    digest = hashlib.sha512(found.data).hexdigest()
    return Read(object_id, description, found.inventory.head, digest, found.heads, found.conflict)
