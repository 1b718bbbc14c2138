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


def _mounted(folder: Path, megabytes: int) -> str:
    """Why it could not be mounted; "" when it is."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "archive-test", str(folder)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "no program mount"
    return "" if made.returncode == 0 else f"mount says: {made.stderr.strip() or made.returncode}"


@contextmanager
def small_disk(config: pytest.Config, folder: Path, megabytes: int = 4) -> Iterator[SmallDisk]:
    """Mounted at `folder`, which is made; its files go with it."""
    folder.mkdir(parents=True, exist_ok=True)
    if trouble := _mounted(folder, megabytes):
        not_there(config, "A small disk", trouble, "run the tests as root on Linux, where it may mount")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
