"""Files in the age v1 format (https://c2sp.org/age), written and read as streams: a few chunks of 64 KiB in memory.

Any age program opens them with the dossier's identity. Beside the recipient each header has a stanza of our own, which
other programs pass over: `archive-path`, a digest under the dossier's key of where the file lies. The header is sealed,
so that a file put in the place of another one is found out, and its length is fixed, so that the size of what is inside
follows from the size of the file. Ciphers, key agreement and derivation are those of `cryptography`.
"""

from __future__ import annotations

import hmac
import io
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from archive_service.kernel.objects.disk import reading
from archive_service.kernel.objects.port import Source

CHUNK, TAG, NONCE = 64 << 10, 16, 16
_VERSION = b"age-encryption.org/v1\n"
_LINE = 43  # 32 bytes in base64 without padding
_RECIPIENT, _PLACE, _END = b"-> X25519 ", b"-> archive-path ", b"---"
HEADER = len(_VERSION) + len(_RECIPIENT) + len(_PLACE) + len(_END) + 4 * _LINE + 6  # spaces and line ends
BEFORE = HEADER + NONCE
_ZERO = bytes(12)


class Damaged(Exception):
    """These bytes are not what was sealed for this place under this key."""


@dataclass(frozen=True)
class DossierKey:
    """One X25519 identity. Everything that a dossier needs is derived from its 32 bytes."""

    secret: bytes

    @cached_property
    def private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.secret)

    @cached_property
    def recipient(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @cached_property
    def names(self) -> AESSIV:
        return AESSIV(_derive(self.secret, b"", b"vn-archive/names/1", 64))

    @cached_property
    def _places(self) -> bytes:
        return _derive(self.secret, b"", b"vn-archive/places/1", 32)

    def place(self, key: str) -> bytes:
        """Tells places apart without saying what they are called."""
        return hmac.digest(self._places, key.encode(), "sha256")

    def __repr__(self) -> str:
        return "DossierKey(…)"  # never in a log or a traceback


def sealed_size(size: int) -> int:
    """Bytes of the file that holds `size` bytes.

    >>> plain_size(sealed_size(0)), plain_size(sealed_size(65536)), plain_size(sealed_size(65537))
    (0, 65536, 65537)
    """
    return BEFORE + size + TAG * max(1, -(-size // CHUNK))


def plain_size(size: int) -> int:
    """The inverse; 0 for what is too short to be such a file."""
    body = size - BEFORE
    return max(0, body - TAG * max(1, -(-body // (CHUNK + TAG))))


def sealing(key: DossierKey, place: str, source: Source) -> BinaryIO:
    """The file as a stream. `source` is opened when first read, closed at its end if it is a path."""
    return cast(BinaryIO, io.BufferedReader(_Stream(_sealed(key, place, source)), CHUNK))


def opening(
    key: DossierKey, place: str, sealed: BinaryIO, told: Callable[[str], Exception] = Damaged
) -> BinaryIO:
    """The bytes inside, each chunk authenticated before any of it is given out; raises what `told` makes, here or in
    `read`."""
    try:
        cipher = _read_header(key, place, _exactly(sealed, BEFORE))
    except Damaged as error:
        raise told(str(error)) from None
    return cast(BinaryIO, io.BufferedReader(_Stream(_opened(cipher, sealed, told)), CHUNK))


def _sealed(key: DossierKey, place: str, source: Source) -> Iterator[bytes]:
    file_key, nonce = os.urandom(16), os.urandom(NONCE)
    yield _header(key, place, file_key) + nonce
    cipher = ChaCha20Poly1305(_derive(file_key, nonce, b"payload", 32))
    held, number = bytearray(), 0
    with reading(source) as blocks:
        for block in blocks:
            held += block
            start = 0
            while len(held) - start > CHUNK:  # the last one is known only by what follows it
                yield cipher.encrypt(_count(number), bytes(held[start : start + CHUNK]), None)
                start, number = start + CHUNK, number + 1
            del held[:start]
    yield cipher.encrypt(_count(number, last=True), bytes(held), None)


def _opened(cipher: ChaCha20Poly1305, sealed: BinaryIO, told: Callable[[str], Exception]) -> Iterator[bytes]:
    chunk, number = _exactly(sealed, CHUNK + TAG), 0
    while True:
        after = _exactly(sealed, CHUNK + TAG) if len(chunk) == CHUNK + TAG else b""
        try:
            plain = cipher.decrypt(_count(number, last=not after), chunk, None)
        except InvalidTag:
            raise told("a chunk is not what was written") from None
        if plain:
            yield plain
        elif number:
            raise told("an empty chunk at the end")
        if not after:
            return
        chunk, number = after, number + 1


def _header(key: DossierKey, place: str, file_key: bytes) -> bytes:
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    wrapped = _wrapping(once.exchange(key.private.public_key()), share, key).encrypt(_ZERO, file_key, None)
    return _written(share, wrapped, key.place(place), file_key)


def _read_header(key: DossierKey, place: str, data: bytes) -> ChaCha20Poly1305:
    """The cipher of the chunks. The head is written anew and compared: nothing is read leniently."""
    try:
        lines = data[:HEADER].split(b"\n")
        share, wrapped = _unbase64(lines[1][len(_RECIPIENT) :]), _unbase64(lines[2])
        there = _unbase64(lines[3][len(_PLACE) :])
        shared = key.private.exchange(X25519PublicKey.from_public_bytes(share))
        file_key = _wrapping(shared, share, key).decrypt(_ZERO, wrapped, None)
    except (ValueError, IndexError, InvalidTag):
        raise Damaged("not sealed under this key, or its head is damaged") from None
    if not hmac.compare_digest(_written(share, wrapped, there, file_key), data[:HEADER]):
        raise Damaged("its head is damaged")
    if not hmac.compare_digest(there, key.place(place)):
        raise Damaged("it belongs in another place")
    return ChaCha20Poly1305(_derive(file_key, data[HEADER:], b"payload", 32))


def _written(share: bytes, wrapped: bytes, place: bytes, file_key: bytes) -> bytes:
    recipient = _RECIPIENT + _base64(share) + b"\n" + _base64(wrapped) + b"\n"
    head = _VERSION + recipient + _PLACE + _base64(place) + b"\n\n" + _END
    mac = hmac.digest(_derive(file_key, b"", b"header", 32), head, "sha256")
    return head + b" " + _base64(mac) + b"\n"


def _wrapping(shared: bytes, share: bytes, key: DossierKey) -> ChaCha20Poly1305:
    salt = share + key.recipient
    return ChaCha20Poly1305(_derive(shared, salt, b"age-encryption.org/v1/X25519", 32))


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _count(number: int, *, last: bool = False) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    return b64decode(text + b"=", validate=True)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """As many bytes as there are, up to `size`: a single read may give fewer."""
    held = bytearray()
    while len(held) < size and (block := stream.read(size - len(held))):
        held += block
    return bytes(held)


class _Stream(io.RawIOBase):
    """An iterator of blocks as a stream. What it raised once it raises ever after: an iterator that failed is at its
    end, and whoever tried again would take a part for the whole."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._left = blocks, memoryview(b"")
        self._fault: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._fault is not None:
            raise self._fault
        if not self._left:
            try:
                self._left = memoryview(next(self._blocks, b""))
            except Exception as error:
                self._fault = error
                raise
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
