"""The folders of the embedded index, shared by the processes of one machine.

    INDEX/lock              who holds it may write
    INDEX/live              names the folder that answers
    INDEX/rebuild-<hex>     names the folder of a rebuild under way
    INDEX/g-<hex>/          a generation: one tantivy index

A pointer is replaced in one rename, so a reader sees the old generation or the new one, never a half. A folder that
no pointer names is left over from a crash and is removed by the next writer that makes or drops a generation.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from search.index import IndexAway

LIVE = "live"
_REBUILD, _GENERATION = "rebuild-", "g-"


class Generations:
    def __init__(self, root: Path, patience: float = 60.0) -> None:
        """`patience`: seconds to wait for another writer."""
        self.root, self.patience = root, patience
        root.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone among all processes and threads. The system gives the lock back when its holder dies."""
        with (self.root / "lock").open("ab") as lease:
            until = time.monotonic() + self.patience
            while not _taken(lease.fileno()):
                if time.monotonic() > until:
                    raise IndexAway
                time.sleep(0.01)
            yield

    def folder(self, pointer: str) -> Path | None:
        """The generation that the pointer names; None when there is no such pointer."""
        try:
            return self.root / (self.root / pointer).read_text()
        except FileNotFoundError:
            return None

    def new_folder(self) -> Path:
        return self.root / f"{_GENERATION}{uuid.uuid4().hex}"

    def new_rebuild(self) -> str:
        return f"{_REBUILD}{uuid.uuid4().hex}"

    def rebuilds(self) -> list[str]:
        return sorted(path.name for path in self.root.glob(f"{_REBUILD}*"))

    def point(self, pointer: str, folder: Path) -> None:
        """Durable when it returns. The caller holds the lock."""
        beside = self.root / f".{pointer}"
        with beside.open("w") as out:
            out.write(folder.name)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self.root / pointer)
        self._settle()

    def drop(self, pointer: str) -> None:
        (self.root / pointer).unlink(missing_ok=True)
        self._settle()

    def sweep(self) -> None:
        """Removes every generation that no pointer names. The caller holds the lock."""
        named = {self.folder(pointer) for pointer in (LIVE, *self.rebuilds())}
        for folder in self.root.glob(f"{_GENERATION}*"):
            if folder not in named:
                shutil.rmtree(folder)
        self._settle()

    def _settle(self) -> None:
        # Without it a power cut can bring a removed folder or the old pointer back.
        handle = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _taken(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
