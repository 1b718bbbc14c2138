"""The keys of an export out of the safe, opened by the escrow key: what reads an encrypted root without its archive."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pyrage import x25519

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.destroyed import LOG, LogBroken, read_log
from archive_service.kernel.keystore.entry import FOLDER, Entry, NotOurs, entry_name, open_entry
from archive_service.kernel.objects.age import DossierKey


class EscrowedKeys:
    """A `KeySource` over `folder`, as `archive keys escrow export` writes it, or a place of the keystore itself.

    Raises `NotPossible` where there are no keys, none that an identity opens, or an altered log of destroyed ones.
    """

    def __init__(self, folder: Path, identities: Sequence[x25519.Identity]) -> None:
        self.folder, self._identities = folder, tuple(identities)
        self._read = lru_cache(maxsize=1_000)(self._open)
        self.destroyed = self._destroyed()
        files = sorted((folder / FOLDER).rglob("*.age"))
        if not any(self._entry(each) for each in files):
            raise NotPossible(
                f"{folder}: không có khóa nào mở được bằng khóa ký gửi này ({len(files)} khóa).",
                f"{folder}: this escrow key opens none of the keys there ({len(files)} keys).",
                name="escrow-opens-nothing",
            )

    def find(self, owner: str) -> DossierKey | None:
        """None where it is missing, destroyed, or cannot be opened."""
        return None if owner in self.destroyed else self._read(owner)

    def make(self, owner: str) -> DossierKey:
        raise RuntimeError(f"nothing is written with escrowed keys: {owner}")

    def _open(self, owner: str) -> DossierKey | None:
        entry = self._entry(self.folder / entry_name(owner))
        return entry.key() if entry is not None and entry.owner == owner else None

    def _entry(self, path: Path) -> Entry | None:
        try:
            return open_entry(path.read_bytes(), self._identities)
        except (NotOurs, OSError):
            return None

    def _destroyed(self) -> frozenset[str]:
        path = self.folder / LOG
        try:
            return (
                frozenset(each.owner for each in read_log(path.read_bytes()))
                if path.exists()
                else frozenset()
            )
        except LogBroken as error:
            raise NotPossible(
                f"Nhật ký hủy khóa đã bị sửa ({path}, dòng {error}).",
                f"The log of destroyed keys was altered ({path}, line {error}).",
                name="key-log-altered",
            ) from None
