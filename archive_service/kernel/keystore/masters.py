"""The master keys: age identities in `data/keys/master`, one while all is quiet, two while they are being changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyrage import IdentityError, x25519

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects.disk import fsync_folder


class Masters:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("master-*.agekey")) if self.folder.is_dir() else []

    def identities(self) -> list[x25519.Identity]:
        """The newest first. Raises `NotPossible` where there is none or one cannot be read."""
        try:
            found = [x25519.Identity.from_str(_identity(each)) for each in reversed(self.files())]
        except (IdentityError, OSError, UnicodeDecodeError) as error:
            raise NotPossible(
                f"Không đọc được khóa chủ của kho khóa ({self.folder}).",
                f"A master key of the keystore cannot be read ({self.folder}).",
                name="no-master-key",
            ) from error
        if not found:
            raise NotPossible(
                f"Không có khóa chủ của kho khóa ({self.folder}): khôi phục từ két, hoặc dùng khóa ký gửi.",
                f"The keystore's master key is not there ({self.folder}): bring it back from the safe, or use the escrow.",
                name="no-master-key",
            )
        return found

    def make(self) -> x25519.Identity:
        """A new one, on the disk when this returns; the others stay."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        identity = x25519.Identity.generate()
        numbers = [int(each.stem.rpartition("-")[2]) for each in self.files()]
        path = self.folder / f"master-{max(numbers, default=0) + 1:04}.agekey"
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(f"# public key: {identity.to_public()}\n{identity}\n")
            stream.flush()
            os.fsync(stream.fileno())
        half.rename(path)
        fsync_folder(self.folder)
        return identity

    def forget_older(self) -> int:
        """Removes all but the newest. Files only: what a disk keeps underneath is its own; see the operator's page."""
        *older, _ = self.files()
        for path in older:
            path.unlink()
        fsync_folder(self.folder)
        return len(older)

    @contextmanager
    def locked(self, *, alone: bool) -> Iterator[None]:
        """Whoever makes an entry holds this with others; who removes an older master key, alone."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield


def _identity(path: Path) -> str:
    lines = path.read_text().split("\n")
    return next((line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
