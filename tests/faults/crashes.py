"""Kills a process at its n-th step to the outside: a commit, an object store, the index. No clean-up runs."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import event

from archive_service.kernel.keystore import destroyed
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.objects.s3 import S3Store
from archive_service.work import Archive
from search.elastic import ElasticIndex

STORE_CALLS = ("put", "put_tree", "delete", "delete_tree", "purge")
INDEX_CALLS = ("write", "erase")
#: What a folder changes by; a kill between two of them leaves a removal or a swap half done.
FILE_CALLS = ("replace", "rename", "link", "unlink")
LOOKING = ("GET", "HEAD")
DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
PATIENCE_S = 120
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.dossiers", "tests.faults.stacks", "tests.retention.shelf"])


class Bomb:
    """Counts steps and kills this process at the n-th one."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call with a step before it and one after it."""

        def ticking(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            result = call(*args, **kwargs)
            self.tick()
            return result

        return ticking

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def ticking(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            return call(*args, **kwargs)

        return ticking


def arm(archive: Archive, at: int) -> Bomb:
    """Every way out of the process goes through the bomb from now on."""
    bomb = Bomb(at)
    for store in (*archive.stores.values(), archive.staging, *archive.keystore.places):
        _arm_store(store, bomb)
    for name in INDEX_CALLS:
        setattr(archive.index, name, bomb.around(getattr(archive.index, name)))
    if isinstance(archive.index, ElasticIndex):
        _arm_requests(archive.index, bomb)
    # The keystore's own log is appended to, place by place: a kill between two of them must heal.
    destroyed.append = bomb.around(destroyed.append)
    for name in FILE_CALLS:
        setattr(os, name, bomb.before(getattr(os, name)))
    event.listen(archive.engine, "commit", lambda _: bomb.tick())
    return bomb


def _arm_store(store: ObjectStore, bomb: Bomb) -> None:
    for name in STORE_CALLS:
        setattr(store, name, bomb.around(getattr(store, name)))
    if isinstance(store, S3Store):

        def sending(request: Any, **_: Any) -> None:
            if request.method not in LOOKING:
                bomb.tick()

        store.client.meta.events.register("before-send.s3", sending)


def _arm_requests(index: ElasticIndex, bomb: Bomb) -> None:
    """One call of ours is many requests: an erasure is nine, and every state between two of them must heal."""
    transport = index._client.transport
    perform = transport.perform_request

    def ticking(method: str, *args: Any, **kwargs: Any) -> Any:
        if method not in LOOKING:
            bomb.tick()
        return perform(method, *args, **kwargs)

    transport.perform_request = ticking  # type: ignore[method-assign]


def calls(every: int, stride: int = 1) -> Iterator[int]:
    """Every step in `make test-deep` (on the real services, where one costs seconds, each `stride`th); one in `every`
    of these in `make test`."""
    return itertools.count(1, stride if DEEP else every * stride)


def killed_at(make: Callable[[], Archive], act: Callable[[Archive], object], at: int) -> bool:
    """Runs `act` in a process that dies at its n-th step; False when it finished before that many.

    Both are pickled: the process is forked from a clean one. A fork of this one would inherit locks of threads that
    it does not have (typst's pool hangs for ever, seen).
    """
    process = _processes.Process(target=_bombed, args=(make, act, at))
    process.start()
    process.join(PATIENCE_S)
    if process.is_alive():
        process.kill()
        raise AssertionError(f"the child hangs at {at}")
    if process.exitcode == -signal.SIGKILL:
        return True
    assert process.exitcode == 0, f"the child failed by itself at {at}"
    return False


def _bombed(make: Callable[[], Archive], act: Callable[[Archive], object], at: int) -> None:
    archive = make()
    arm(archive, at)
    act(archive)
    os._exit(0)
