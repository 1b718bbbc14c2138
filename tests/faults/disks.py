"""A real file system of a few megabytes, and the bytes that fill it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services.fixtures import not_there

FILLER = "filler"


@dataclass(frozen=True)
class SmallDisk:
    folder: Path

    def fill(self, *, leave: int = 0) -> None:
        """Writes until the system says that no room is left, and gives `leave` bytes back."""
        with (self.folder / FILLER).open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                filler.truncate(max(0, filler.tell() - leave))

    def make_room(self) -> None:
        (self.folder / FILLER).unlink()


@contextmanager
def small_disk(config: pytest.Config, folder: Path, megabytes: int = 4) -> Iterator[SmallDisk]:
    """Mounted at `folder`, which is made; its files go with it."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "archive-test", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        not_there(config, "A small disk", f"mount says: {made.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
