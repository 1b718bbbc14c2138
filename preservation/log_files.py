"""An exported log, verified without its archive: the file alone, and the key that one trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import Anchor, Line, LogFault, verify

FORMAT = "urn:vn-archive:log-export:1"
OTHER_KEY = "other-key"


@dataclass(frozen=True, slots=True)
class Verified:
    """`key`: hex of the public key that the file names. `anchored`: the newest entry that a signed head vouches for."""

    entries: int
    anchored: int
    key: str
    faults: tuple[LogFault, ...]


def verify_file(path: Path, trusted: Ed25519PublicKey | None = None) -> Verified:
    """Walks an export of `log export` and compares it with its anchors, streamed. Raises `NotPossible` for another file.

    Without `trusted` the file's own key is believed: then only whoever lacks the archive's key is found out, and the
    key shown must be compared by a person. With it, a file made with another key has the fault `other-key`.
    """
    with path.open(encoding="utf-8") as stream:
        key, anchors = _head(stream, path.name)
        counted = _Counted(stream)
        faults = list(verify(counted, anchors, trusted or key))
    if trusted is not None and _hex(trusted) != _hex(key):
        faults.insert(0, LogFault(OTHER_KEY, 0))
    newest = max((anchor.number for anchor in anchors), default=0)
    return Verified(counted.number, newest, _hex(key), tuple(faults))


class _Counted:
    """The entries of an export, counted while they are read. A line that is no entry is one that was changed."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self.number = stream, 0

    def __iter__(self) -> Iterator[Line]:
        for text in self._stream:
            self.number += 1
            try:
                given: dict[str, Any] = json.loads(text)
                yield Line(str(given["body"]).encode(), given["salt"], given["detail"])
            except (ValueError, KeyError, TypeError):
                yield Line(text.encode())


def _head(stream: IO[str], name: str) -> tuple[Ed25519PublicKey, list[Anchor]]:
    try:
        given: dict[str, Any] = json.loads(stream.readline())
        if given["format"] == FORMAT:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(given["public_key"]))
            return key, [Anchor(**each) for each in given["anchors"]]
    except (ValueError, KeyError, TypeError):
        pass
    raise NotPossible(
        f"{name} không phải tệp nhật ký do kho này xuất.", f"{name} is no exported log.", name="no-log-export"
    )


def read_key(path: Path) -> Ed25519PublicKey:
    """An archive's public key as PEM. Raises `NotPossible`."""
    with suppress(OSError, ValueError):
        key = load_pem_public_key(path.read_bytes())
        if isinstance(key, Ed25519PublicKey):
            return key
    raise NotPossible(
        f"{path.name}: cần khóa công khai Ed25519 dạng PEM.",
        f"{path.name}: expected an Ed25519 public key in PEM.",
        name="wrong-key",
    )


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
