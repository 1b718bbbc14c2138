"""Sealed files are age v1 files: another program opens them, and what was touched is never given out."""

from __future__ import annotations

import io
import os
import random
import tracemalloc
from typing import BinaryIO

import pyrage
import pytest
from pyrage import x25519

from archive_service.kernel.keystore.entry import secret_of
from archive_service.kernel.objects.age import (
    BEFORE,
    CHUNK,
    TAG,
    Damaged,
    DossierKey,
    opening,
    plain_size,
    sealed_size,
    sealing,
)

IDENTITY = x25519.Identity.generate()
KEY = DossierKey(secret_of(str(IDENTITY)))
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7]


def seal(data: bytes, place: str = "a/b", key: DossierKey = KEY) -> bytes:
    return sealing(key, place, data).read()


def unseal(data: bytes, place: str = "a/b", key: DossierKey = KEY) -> bytes:
    return opening(key, place, io.BytesIO(data)).read()


@pytest.mark.parametrize("size", SIZES)
def test_another_age_program_opens_what_we_seal(size: int) -> None:
    data = os.urandom(size)
    sealed = seal(data)
    assert pyrage.decrypt(sealed, [IDENTITY]) == data
    assert unseal(sealed) == data
    assert (len(sealed), plain_size(len(sealed))) == (sealed_size(size), size)


def test_what_another_program_sealed_has_no_place_and_is_refused() -> None:
    with pytest.raises(Damaged):
        unseal(pyrage.encrypt(b"put there by others", [IDENTITY.to_public()]))


def test_a_stream_that_gives_little_at_a_time_is_read_whole() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 1000) if size != -1 else 1000)

    data = os.urandom(2 * CHUNK + 5)
    assert opening(KEY, "a", Slow(sealing(KEY, "a", Slow(data)).read())).read() == data


def test_no_flipped_bit_passes() -> None:
    data = os.urandom(CHUNK + 100)
    sealed = seal(data)
    places = [*range(8 * BEFORE), *random.Random(4).sample(range(8 * len(sealed)), 400)]
    for place in places:
        bent = bytearray(sealed)
        bent[place // 8] ^= 1 << place % 8
        with pytest.raises(Damaged):
            unseal(bytes(bent))


@pytest.mark.parametrize("left", [0, 1, BEFORE - 1, BEFORE, BEFORE + TAG, BEFORE + CHUNK + TAG, -1])
def test_a_cut_file_is_told(left: int) -> None:
    with pytest.raises(Damaged):
        unseal(seal(bytes(2 * CHUNK))[:left])


def test_bytes_behind_the_end_are_told() -> None:
    for more in (b"x", bytes(TAG), bytes(CHUNK)):
        with pytest.raises(Damaged):
            unseal(seal(bytes(CHUNK)) + more)


def test_chunks_in_another_order_are_told() -> None:
    sealed, one = seal(os.urandom(3 * CHUNK)), CHUNK + TAG
    first, second = sealed[BEFORE : BEFORE + one], sealed[BEFORE + one : BEFORE + 2 * one]
    with pytest.raises(Damaged):
        unseal(sealed[:BEFORE] + second + first + sealed[BEFORE + 2 * one :])


def test_another_key_and_another_place_are_told() -> None:
    with pytest.raises(Damaged, match="not sealed under this key"):
        unseal(seal(b"x"), key=DossierKey(os.urandom(32)))
    with pytest.raises(Damaged, match="another place"):
        unseal(seal(b"x", "a/b"), place="a/c")


def test_a_damaged_chunk_is_not_given_out_and_those_before_it_were_proven() -> None:
    data = os.urandom(3 * CHUNK)
    bent = bytearray(seal(data))
    bent[BEFORE + 2 * (CHUNK + TAG) + 9] ^= 1
    stream, seen = opening(KEY, "a/b", io.BytesIO(bytes(bent))), b""
    with pytest.raises(Damaged):
        while block := stream.read(1000):
            seen += block
    assert seen == data[: len(seen)] and len(seen) <= 2 * CHUNK


def test_the_same_bytes_are_sealed_otherwise_each_time() -> None:
    assert seal(b"x") != seal(b"x")


def test_256_mib_pass_in_flat_memory() -> None:
    class Zeros(io.RawIOBase):
        left = 256 << 20

        def read(self, size: int = -1) -> bytes:
            block = bytes(min(self.left, size))
            self.left -= len(block)
            return block

    source: BinaryIO = Zeros()  # type: ignore[assignment]
    tracemalloc.start()
    through = opening(KEY, "a", sealing(KEY, "a", source))
    seen = 0
    while block := through.read(1 << 20):
        seen += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 256 << 20
    assert peak < 8 << 20


def test_a_key_is_never_shown() -> None:
    assert "…" in repr(KEY) and KEY.secret.hex() not in repr(KEY)
