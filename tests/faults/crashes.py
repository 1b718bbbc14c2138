"""Kills a process at its n-th call to the outside: a commit, the object stores, the index. No clean-up runs."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import event

from archive_service.work import Archive

STORE_CALLS = ("put", "put_tree", "delete", "delete_tree", "purge")
INDEX_CALLS = ("write", "erase")
KILLED, FINISHED, FAILED = 9, 0, 1


class Bomb:
    """Counts calls and kills this process before, or right after, the n-th one."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def ticking(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            result = call(*args, **kwargs)
            self.tick()
            return result

        return ticking


def arm(archive: Archive, at: int) -> Bomb:
    """Every way out of the process goes through the bomb from now on."""
    bomb = Bomb(at)
    for store in (*archive.stores.values(), archive.staging):
        for name in STORE_CALLS:
            setattr(store, name, bomb.around(getattr(store, name)))
    for name in INDEX_CALLS:
        setattr(archive.index, name, bomb.around(getattr(archive.index, name)))
    event.listen(archive.engine, "commit", lambda _: bomb.tick())
    return bomb


def calls() -> Iterator[int]:
    """Every call in `make test-deep`; every fifth in `make test`."""
    return itertools.count(1, 1 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 5)


def killed_at(make: Callable[[], Archive], act: Callable[[Archive], object], at: int) -> bool:
    """Runs `act` in a child that dies at its n-th call; False when it finished before that many calls."""
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            archive = make()
            arm(archive, at)
            act(archive)
            code = FINISHED
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert os.WEXITSTATUS(status) == FINISHED, f"the child failed by itself at {at}"
    return False
