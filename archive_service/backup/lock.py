"""One backup at a time, whoever begins it: a job, or a person at the command line."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.kernel.errors import Conflict


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """The system lets go of the lock when its process dies, however it dies."""
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                "Một lần sao lưu khác đang chạy.", "Another backup is running.", name="backup-running"
            ) from error
        yield
