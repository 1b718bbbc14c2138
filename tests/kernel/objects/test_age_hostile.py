"""The framing of sealed files against who knows the format: forged, spliced and cut files, and another program's bytes."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from archive_service.kernel.keystore.entry import secret_of
from archive_service.kernel.objects import age
from archive_service.kernel.objects.age import (
    BEFORE,
    CHUNK,
    HEADER,
    NONCE,
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
PLACE = "ocfl/a/v1/content/b"
FILE_KEY, FILE_NONCE = bytes(range(16)), bytes(range(16, 32))

borders = st.builds(lambda n, off: max(0, n * CHUNK + off), st.integers(0, 4), st.integers(-17, 17))
seeds = st.binary(min_size=1, max_size=9)


def filled(size: int, seed: bytes) -> bytes:
    return (seed * (size // len(seed) + 1))[:size]


def seal(data: bytes) -> bytes:
    return sealing(KEY, PLACE, data).read()


def unseal(data: bytes) -> bytes:
    return opening(KEY, PLACE, io.BytesIO(data)).read()


def chunked(*chunks: bytes, last: int | None = None) -> bytes:
    """A file of ours with a payload of these chunks, the one at `last` (the last one) sealed as the last."""
    cipher = ChaCha20Poly1305(age._derive(FILE_KEY, FILE_NONCE, b"payload", 32))
    last = len(chunks) - 1 if last is None else last
    sealed = (cipher.encrypt(age._count(n, last=n == last), each, None) for n, each in enumerate(chunks))
    return age._header(KEY, PLACE, FILE_KEY) + FILE_NONCE + b"".join(sealed)


@given(borders, seeds)
def test_another_program_opens_ours_at_every_border(size: int, seed: bytes) -> None:
    data = filled(size, seed)
    sealed = seal(data)
    assert pyrage.decrypt(sealed, [IDENTITY]) == data == unseal(sealed)
    assert (len(sealed), plain_size(len(sealed))) == (sealed_size(size), size)


@given(borders, seeds)
def test_we_open_what_another_program_chunked_at_every_border(size: int, seed: bytes) -> None:
    """Its header has no place; its file key is taken out, and its payload is read below a header of ours."""
    data = filled(size, seed)
    theirs = pyrage.encrypt(data, [IDENTITY.to_public()])
    head = theirs.index(b"\n--- ") + 5
    payload = theirs[theirs.index(b"\n", head) + 1 :]
    lines = theirs.split(b"\n")
    at = next(n for n, line in enumerate(lines) if line.startswith(b"-> X25519 "))
    share, wrapped = (b64decode(each + b"=") for each in (lines[at].split(b" ")[2], lines[at + 1]))
    shared = KEY.private.exchange(X25519PublicKey.from_public_bytes(share))
    file_key = age._wrapping(shared, share, KEY).decrypt(bytes(12), wrapped, None)
    assert unseal(age._header(KEY, PLACE, file_key) + payload) == data


@given(borders, seeds, st.data())
def test_a_file_cut_anywhere_is_told(size: int, seed: bytes, data: st.DataObject) -> None:
    sealed = seal(filled(size, seed))
    ends = [BEFORE + n * (CHUNK + TAG) + off for n in range(5) for off in (-1, 0, 1, TAG)]
    cut = data.draw(st.sampled_from([end for end in (0, HEADER, *ends) if end < len(sealed)]))
    with pytest.raises(Damaged):
        unseal(sealed[:cut])


@given(st.permutations([0, 1, 2, 3]))
def test_only_one_order_of_chunks_opens(order: list[int]) -> None:
    data = b"".join(filled(CHUNK, bytes([n])) for n in range(4))
    sealed, one = seal(data), CHUNK + TAG
    parts = [sealed[BEFORE + n * one : BEFORE + (n + 1) * one] for n in order]
    if order == [0, 1, 2, 3]:
        assert unseal(sealed) == data
    else:
        with pytest.raises(Damaged):
            unseal(sealed[:BEFORE] + b"".join(parts))


FORGED = {
    "an empty last chunk": chunked(bytes(CHUNK), b""),
    "no last chunk": chunked(bytes(CHUNK), bytes(5), last=9),
    "a short chunk before the last": chunked(bytes(7), bytes(5)),
    "two last chunks": chunked(bytes(CHUNK), bytes(5), last=0),
    "a last chunk that is too long": chunked(bytes(CHUNK + 1)),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_a_holder_of_the_key_chunked_otherwise_is_refused_here_and_there(how: str) -> None:
    with pytest.raises(Damaged):
        unseal(FORGED[how])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(FORGED[how], [IDENTITY])


def test_the_forger_of_these_tests_can_make_a_good_file() -> None:
    assert unseal(chunked(bytes(CHUNK), bytes(5))) == bytes(CHUNK + 5)
    assert unseal(chunked(b"")) == b""


def test_head_and_body_of_two_files_do_not_fit() -> None:
    one, two = seal(b"one"), seal(b"two")
    for cut in (HEADER, BEFORE):
        with pytest.raises(Damaged):
            unseal(one[:cut] + two[cut:])


@pytest.mark.parametrize("share", [bytes(32), b"\x01" + bytes(31)])
def test_a_share_that_makes_the_secret_known_to_all_is_refused(share: bytes) -> None:
    """Points of low order: whoever writes one would know the wrapping key without ours."""
    wrapped = age._wrapping(bytes(32), share, KEY).encrypt(bytes(12), FILE_KEY, None)
    head = age._written(share, wrapped, KEY.place(PLACE), FILE_KEY)
    with pytest.raises(Damaged):
        unseal(head + FILE_NONCE + seal(b"x")[BEFORE:])


def test_no_share_and_no_nonce_is_used_twice() -> None:
    files = [seal(b"x") for _ in range(300)]
    assert len({each.split(b"\n")[1] for each in files}) == 300
    assert len({each[HEADER : HEADER + NONCE] for each in files}) == 300


def test_who_reads_on_after_damage_is_told_again_and_never_an_end() -> None:
    """A reader that tries once more would else take the beginning of a file for all of it."""
    bent = bytearray(seal(bytes(3 * CHUNK)))
    bent[BEFORE + CHUNK + TAG + 3] ^= 1
    stream = opening(KEY, PLACE, io.BytesIO(bytes(bent)))
    for _ in range(3):
        with pytest.raises(Damaged):
            while stream.read(1000):
                pass


def test_who_goes_on_after_a_source_failed_never_gets_an_end() -> None:
    class Failing(io.RawIOBase):
        left = 3

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if self.left == 0:
                raise OSError("the disk")
            return bytes(CHUNK)

    stream = sealing(KEY, PLACE, Failing())  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(OSError, match="the disk"):
            while stream.read(1000):
                pass


def test_blocks_of_any_size_give_the_same_file_back() -> None:
    def blocks() -> Iterator[int]:
        while True:
            yield from (1, CHUNK - 1, CHUNK, 7, CHUNK + 1)

    class Uneven(io.BytesIO):
        sizes = blocks()

        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size if size and size > 0 else CHUNK, next(self.sizes)))

    data = filled(5 * CHUNK + 3, b"abcdefg")
    assert unseal(sealing(KEY, PLACE, Uneven(data)).read()) == data
