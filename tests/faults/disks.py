"""A real file system of a few megabytes, and the bytes that fill it; a real mount that vanishes or turns read-only."""

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
        _umount(folder)


@dataclass(frozen=True)
class Mount:
    """A folder that is seen at another place, as a file server's is, and can vanish from there with its bytes unharmed."""

    behind: Path
    folder: Path

    def connect(self) -> None:
        _mount("--bind", str(self.behind), str(self.folder))

    def vanish(self) -> None:
        """Also from under open files: what is left at the place is the empty mount point."""
        _umount(self.folder)

    def read_only(self, yes: bool = True) -> None:
        """As the kernel does with a disk that reports errors."""
        _mount("-o", f"remount,bind,{'ro' if yes else 'rw'}", str(self.folder))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def _umount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


@contextmanager
def mount(config: pytest.Config, folder: Path) -> Iterator[Mount]:
    """Connected at `folder`, which is made; a place where nothing may be mounted counts as a missing service."""
    made = Mount(folder.with_name(f"{folder.name}-behind"), folder)
    for each in (made.behind, made.folder):
        each.mkdir(parents=True)
    try:
        made.connect()
    except (OSError, subprocess.CalledProcessError) as error:
        not_there(config, "Mounting", str(error), "run the tests as root on Linux, where it may mount")
    try:
        yield made
    finally:
        # It may have vanished already; of a bind mount on the same disk Python cannot tell.
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
