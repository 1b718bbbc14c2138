"""The digest algorithms of OCFL 1.1, section 3.4, and of community extension 0009."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Final

from archive_service.kernel.digests import chunks

ADDRESSING: Final = ("sha512", "sha256")
"""What a manifest may use (E025); the first one should be (W004)."""
SIZE: Final = "size"
"""Extension 0009: the number of bytes, in decimal."""

_MAKERS: dict[str, Callable[[], Any]] = {
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "sha512/256": lambda: hashlib.new("sha512_256"),
    "blake2b-160": lambda: hashlib.blake2b(digest_size=20),
    "blake2b-256": lambda: hashlib.blake2b(digest_size=32),
    "blake2b-384": lambda: hashlib.blake2b(digest_size=48),
    "blake2b-512": hashlib.blake2b,
}
LENGTHS: Final = {name: 2 * make().digest_size for name, make in _MAKERS.items()}
"""Hexadecimal digits of each algorithm."""
KNOWN: Final = frozenset({*LENGTHS, SIZE})
ENCODING: Final = {"sha1": "E029", "sha256": "E030", "sha512": "E031", "blake2b-512": "E032"}
"""The code of a digest that is no hexadecimal number of the right length."""

_HEX = re.compile(r"[0-9A-Fa-f]+")


def is_digest(text: str, algorithm: str) -> bool:
    """
    >>> is_digest("D41D8CD98F00B204E9800998ECF8427E", "md5"), is_digest("d41d", "md5"), is_digest("17", "size")
    (True, False, True)
    """
    if algorithm == SIZE:
        return re.fullmatch(r"0|[1-9][0-9]{0,29}", text) is not None
    return len(text) == LENGTHS[algorithm] and _HEX.fullmatch(text) is not None


def is_misspelt(name: str) -> bool:
    """A name that is one of the vocabulary's but for case, hyphens or underscores: nobody's extension.

    >>> [is_misspelt(each) for each in ("SHA-256", "sha256", "crc32", "")]
    [True, False, False, True]
    """
    plain = {re.sub(r"[-_/]", "", each): each for each in KNOWN}
    return name not in KNOWN and (not name or re.sub(r"[-_/]", "", name).lower() in plain)


def digests_of(stream: BinaryIO, algorithms: Iterable[str]) -> dict[str, str]:
    """All of them in one pass over the bytes; in lower case."""
    wanted = set(algorithms)
    hashes = {name: _MAKERS[name]() for name in wanted - {SIZE}}
    size = 0
    for block in chunks(stream):
        size += len(block)
        for each in hashes.values():
            each.update(block)
    found = {name: each.hexdigest() for name, each in hashes.items()}
    return found | ({SIZE: str(size)} if SIZE in wanted else {})


def digest_of(data: bytes, algorithm: str) -> str:
    made = _MAKERS[algorithm]()
    made.update(data)
    return str(made.hexdigest())
