"""What befalls a process at its n-th step to the outside: it dies, or the storage does not answer for a while.

A kill costs seconds (a process, an archive opened in it) and a sequence wants dozens. So death is an exception that
nothing catches, and after it every further step fails as well: no clean-up of ours reaches a disk or a database.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from unittest.mock import patch

from sqlalchemy import event

from archive_service.kernel.objects import StoreAway, StoreFull
from archive_service.work import Archive

STORE_CALLS = (
    "put", "put_tree", "open", "stat", "list", "folders", "delete", "delete_tree", "purge",
)  # fmt: skip
INDEX_CALLS = ("write", "erase")
#: What a folder changes by: a death between two of them leaves a put, a swap or a removal half done.
FILE_CALLS = ("replace", "rename", "link", "unlink", "rmdir", "fsync")
AWAY_FOR = 3
"""Calls that a storage which is away refuses before it answers again."""

Kind = Literal["dies", "away", "full"]


class Died(BaseException):
    """The process is gone. No `except Exception` may catch it, as none catches a power cut."""


@dataclass
class Fate:
    """At step `at` (from 1; 0: never) the process dies, or its storage refuses a few calls."""

    kind: Kind = "dies"
    at: int = 0
    seen: int = 0
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def step(self, *, of_store: bool = False) -> None:
        with self._lock:
            if self.dead:
                raise Died
            if self.kind != "dies" and not of_store:
                return
            self.seen += 1
            if self.kind == "dies" and self.seen == self.at:
                self.dead = True
                raise Died
            if self.kind != "dies" and self.at and self.at <= self.seen < self.at + AWAY_FOR:
                raise (StoreAway if self.kind == "away" else StoreFull)("the storage", "a fault of this test")

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Before it: nothing was done. After it: it was done, and the caller never learns of it."""

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.step(of_store=True)
            result = call(*args, **kwargs)
            self.step()
            return result

        return stepping

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return call(*args, **kwargs)

        return stepping


@contextmanager
def under(archive: Archive, fate: Fate) -> Iterator[None]:
    """Every way out of the process goes through `fate`: its stores, its files, its commits, its index.

    The instances stay what they are: code that asks for a folder's own path still gets it.
    """

    def commit(_: object) -> None:
        fate.step()

    wrapped: list[tuple[Any, str, Callable[..., Any]]] = [
        *(
            (s, name, fate.around)
            for s in (*archive.stores.values(), archive.staging)
            for name in STORE_CALLS
        ),
        *((archive.index, name, fate.before) for name in INDEX_CALLS),
    ]
    for place, name, wrap in wrapped:
        setattr(place, name, wrap(getattr(place, name)))
    event.listen(archive.engine, "commit", commit)
    try:
        with patch.multiple(os, **{name: fate.before(getattr(os, name)) for name in FILE_CALLS}):
            yield
    finally:
        event.remove(archive.engine, "commit", commit)
        for place, name, _ in wrapped:
            delattr(place, name)
