"""Room on the local disk for one job's unpacked bytes. What a killed process left there goes with the next job."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SCRATCH = "scratch"
"""Below the data folder, where jobs have theirs."""
LEASE = "lease"
"""A file in each folder, locked while its process lives: the system lets go of it when that dies, however it dies."""


@contextmanager
def scratch(base: Path) -> Iterator[Path]:
    """A folder below `base`, gone at the end. Folders of the dead, which hold whole dossiers, are removed first."""
    base.mkdir(parents=True, exist_ok=True)
    with _alone(base):
        _sweep(base)
        folder = Path(tempfile.mkdtemp(dir=base))
        lease = (folder / LEASE).open("ab")
        fcntl.flock(lease, fcntl.LOCK_EX)
    with lease:
        try:
            yield folder
        finally:
            # Alone: a folder half removed, its lease gone, would look dead to a sweep that removes it too.
            with _alone(base):
                shutil.rmtree(folder)


def sweep(base: Path) -> int:
    """Removes the folders whose process is dead; returns how many."""
    if not base.is_dir():
        return 0
    with _alone(base):
        return _sweep(base)


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    # Else a folder could be swept between its making and its locking.
    with (base / LEASE).open("ab") as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
        yield


def _sweep(base: Path) -> int:
    dead = [folder for folder in base.iterdir() if folder.is_dir() and not _is_held(folder / LEASE)]
    for folder in dead:
        shutil.rmtree(folder)
    return len(dead)


def _is_held(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as lease:
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
