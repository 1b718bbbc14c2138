"""An exported log, verified without its archive: the file alone, and the key that one trusts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import Anchor, Line, LogFault, verify

FORMAT = "urn:vn-archive:log-export:1"
OTHER_KEY = "other-key"


@dataclass(frozen=True, slots=True)
class Verified:
    """`key`: SHA-256 of the public key that the file names. `anchored`: the newest entry that a signed head vouches for."""

    entries: int
    anchored: int
    key: str
    faults: tuple[LogFault, ...]


def verify_file(
    path: Path, trusted: Ed25519PublicKey | None = None, known: Sequence[Anchor] = ()
) -> Verified:
    """Walks an export of `log export` and compares it with its anchors, streamed. Raises `NotPossible` for another file.

    `known`: anchors from elsewhere (a root's marker, certificates), which the file could not leave out.

    Without `trusted` the file's own key is believed: then only whoever lacks the archive's key is found out, and the
    key shown must be compared by a person. With it, a file made with another key has the fault `other-key`.
    """
    with path.open(encoding="utf-8") as stream:
        key, anchors = _head(stream, path.name)
        anchors += known
        counted = _Counted(stream)
        faults = list(verify(counted, anchors, trusted or key))
    if trusted is not None and fingerprint(trusted) != fingerprint(key):
        faults.insert(0, LogFault(OTHER_KEY, 0))
    newest = max((anchor.number for anchor in anchors), default=0)
    return Verified(counted.number, newest, fingerprint(key), tuple(faults))


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
            key = load_pem_public_key(str(given["public_key"]).encode())
            if isinstance(key, Ed25519PublicKey):
                return key, _anchors(given["anchors"])
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


def read_anchors(path: Path) -> list[Anchor]:
    """Anchors of a root's marker (`archive-root.json`) or of a list of them. Raises `NotPossible`."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        given: Any = json.loads(path.read_text(encoding="utf-8"))
        return _anchors(given["anchors"] if isinstance(given, dict) else given)
    raise NotPossible(
        f"{path.name}: cần tệp archive-root.json hoặc danh sách dấu neo dạng JSON.",
        f"{path.name}: expected an archive-root.json, or a JSON list of anchors.",
        name="wrong-anchors",
    )


def _anchors(given: Sequence[dict[str, Any]]) -> list[Anchor]:
    """Raises TypeError for what is no anchor."""
    return [Anchor(int(each["number"]), str(each["digest"]), str(each["signature"])) for each in given]


def fingerprint(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()
