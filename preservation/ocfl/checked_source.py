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
        self._opened = ExitStack()
        self._stream: BinaryIO | None = None
        # The sender's SHA-256 where there is one: processors digest by it two or three times as fast.
        self._algorithm = "sha256" if "sha256" in file.digests else ALGORITHM
        self._hash = hashlib.new(self._algorithm)

    def read(self, size: int = -1) -> bytes:
        if self._stream is None:
            self._stream = self._opened.enter_context(_open(self._file.source))
        block = self._stream.read(size)
        self._hash.update(block)
        if not block:
            self._opened.close()
            expected = self._file.digests[self._algorithm]
            if self._hash.hexdigest() != expected:
                raise ContentChanged(f"expected {self._algorithm} {expected[:16]}…")
        return block

    def close(self) -> None:
        self._opened.close()
        super().close()


def _open(source: Origin) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else source()
