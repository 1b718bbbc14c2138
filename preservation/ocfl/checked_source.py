"""A stream that must end at the digest it was announced with."""

from __future__ import annotations

import hashlib
import io
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import BinaryIO

from preservation.ocfl.inventory_rules import ALGORITHM
from preservation.ocfl.plan import NewFile, Origin


class ContentChanged(Exception):
    """A source gave other bytes than its digest promised; nothing was stored."""


class CheckedSource(io.RawIOBase):
    """Opens its file when first read, and closes it at its end: thousands must not stay open together.

    Raises `ContentChanged` at the end of the bytes, before a store can commit them.
    """

    def __init__(self, file: NewFile) -> None:
        self._file = file
        self._reading: _Reading | None = None
        self._read = False

    def read(self, size: int = -1) -> bytes:
        if self._read:
            return b""
        # Made now and let go at the end: thousands that wait or are done would hold two kilobytes each.
        self._reading = self._reading or _Reading(self._file)
        block = self._reading.stream.read(size)
        self._reading.hash.update(block)
        if not block:
            found = self._reading.hash.hexdigest()
            self._let_go()
            expected = self._file.digests[_algorithm(self._file)]
            if found != expected:
                raise ContentChanged(f"expected {_algorithm(self._file)} {expected[:16]}…")
            self._read = True
        return block

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._reading is not None:
            self._reading.opened.close()
            self._reading = None


class _Reading:
    def __init__(self, file: NewFile) -> None:
        self.hash = hashlib.new(_algorithm(file))
        self.opened = ExitStack()
        self.stream: BinaryIO = self.opened.enter_context(_open(file.source))


def _algorithm(file: NewFile) -> str:
    """The sender's SHA-256 where there is one: processors digest by it two or three times as fast."""
    return "sha256" if "sha256" in file.digests else ALGORITHM


def _open(source: Origin) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else source()
