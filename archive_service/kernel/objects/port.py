"""The object store: named bytes in a folder or in a bucket. One contract, two stores, one contract suite.

    StoreProblem
    ├── ObjectMissing   nothing is stored under this key
    ├── AlreadyThere    something is, and it may not be replaced
    ├── NoLock          this store locks nothing
    └── BadKey          no key: it could leave the store or mean different things in different stores
    TryLater
    └── StoreAway       the disk or service is not there, or refuses us: our fault, to be tried again
        ├── StoreFull   no room is left
        └── StillThere  a purge was refused in part

A store holds ordinary keys only. Where a store needs room for half-written files (a folder's *deposit area*), that
room is not reachable by any key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from archive_service.kernel.errors import TryLater

Source = bytes | Path | BinaryIO
Lock = Literal["holds", "ignored", "none"]

DEPOSIT = "deposit"
"""The first segment that no key may have: a folder store keeps half-written files there."""
MOST_BYTES_OF_KEY = 1024  # S3's own limit
MOST_BYTES_OF_SEGMENT = 255  # NAME_MAX of ext4, XFS and NTFS


class StoreProblem(Exception):
    """The store answered, and the answer is no."""


class ObjectMissing(StoreProblem):
    pass


class AlreadyThere(StoreProblem):
    pass


class NoLock(StoreProblem):
    pass


class BadKey(StoreProblem, ValueError):
    pass


class StoreAway(TryLater):
    """`where` is `describe()` of the store, `reason` a short text in English for the operator; neither holds secrets."""

    name = "store-away"
    vi_fact, en_fact = "Kho lưu trữ đang không phản hồi", "A storage root does not answer"

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"{self.vi_fact}: lỗi thuộc về hệ thống, sẽ tự thử lại.",
            f"{self.en_fact}: this is our fault, it is tried again.",
        )
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class StoreFull(StoreAway):
    name = "store-full"
    vi_fact, en_fact = "Kho lưu trữ đã hết dung lượng", "A storage root is full"


class StillThere(StoreAway):
    name = "still-there"
    vi_fact, en_fact = (
        "Chưa xóa được hết khỏi kho lưu trữ",
        "Not everything could be removed from a storage root",
    )


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """`regular` is False for what no `put` makes: a link, a device, an empty folder (its key ends in "/")."""

    key: str
    size: int
    regular: bool = True


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store was seen to do, not what it says it does."""

    refuses_to_replace: bool
    """`put(…, if_absent=True)` on an existing key is refused by the store itself."""
    refuses_to_replace_large: bool
    """The same for files sent in parts."""
    checks_sha256: bool
    """Bytes that do not match the SHA-256 sent with them are refused. Where not, every put is read back."""
    keeps_versions: bool
    """A deleted key leaves an older version behind, unless it is purged."""
    keeps_sha256: bool = False
    """The SHA-256 sent with a file is told again without reading it; see `ObjectStore.keeps_sha256`."""
    lock: Lock = "none"
    """`holds`: a governance lock on a probe kept it from deletion, shortening, and so for a file sent in parts;
    `ignored`: the store took the lock and deleted all the same; `none`: it takes no lock, or was not asked."""


@dataclass(frozen=True, slots=True)
class Locked:
    count: int = 0
    until: datetime | None = None


class ObjectStore(Protocol):
    """Keys are relative, "/"-separated, at most 1,024 bytes of UTF-8; see `checked_key`.

    A `prefix` is a folder: "a/b" covers the key "a/b" and every key below "a/b/", never "a/bc"; "" covers all. No
    key may be a prefix of another. Every method raises `BadKey` and `StoreAway`.
    """

    def create(self) -> None:
        """Makes the folder or bucket where it is absent. Nothing else does: an empty mount must not look new."""

    def put(self, key: str, source: Source, *, if_absent: bool = False) -> None:
        """Stores all of `source` under `key`, whole or not at all; on return it survives a power cut.

        With `if_absent`, raises `AlreadyThere` and changes nothing where the key exists. An exception raised by
        the source itself passes through, and nothing is stored.
        """

    def put_tree(self, prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        """Stores `entries` (key below `prefix`, source) in their order; raises `AlreadyThere` for a finished tree.

        In a folder the tree appears by one rename. In S3 the LAST entry is the commit point: a reader takes the tree
        for absent until it is there; an interrupted tree may be put again.
        """

    def open(self, key: str, *, fresh: bool = False) -> AbstractContextManager[BinaryIO]:
        """A stream of the bytes; raises `ObjectMissing`. `fresh` reads what the disk holds, not what a cache does."""

    def stat(self, key: str) -> ObjectInfo | None: ...

    def keeps_sha256(self, key: str, sha256: str) -> bool | None:
        """Whether the digest kept beside the bytes, which was given with them, is this one (hexadecimal).

        No too where there is none, though the store keeps those of whatever we put: another client wrote the file.
        None where nothing can be told: by this store at all, or of a file sent in parts. Raises `ObjectMissing`.
        """

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Everything at or below `prefix`, read as it goes, in the store's own order.

        SeaweedFS sorts folder by folder, AWS by whole keys: who needs an order sorts.
        """

    def folders(self, prefix: str = "") -> Iterator[str]:
        """The names (one segment each, sorted) of folders one level below `prefix`; an emptied one may still be told."""

    def delete(self, key: str) -> None:
        """Removes the key; one that is not there is fine."""

    def delete_tree(self, prefix: str) -> None:
        """Removes the key `prefix` and all below it; in a versioned bucket the older versions stay."""

    def purge(self, prefix: str) -> int:
        """As `delete_tree`, and also older versions and half-written remains; returns how many things were removed.

        Looks again afterwards: raises `StillThere` when anything is left.
        """

    def retain(self, prefix: str, until: datetime) -> int:
        """Locks every version at or below `prefix` against deletion until then at least; returns how many.

        A later date stays. For stores whose probe says that a lock holds; others raise `NoLock`.
        """

    def locked(self, prefix: str) -> Locked:
        """How many versions at or below `prefix` are locked now, and until when the last; none where no lock is."""

    def sweep(self, older_than: timedelta) -> int:
        """Removes what interrupted puts left behind before that; returns how many."""

    def probe(self) -> StoreFacts:
        """Writes, reads and deletes small probes; raises `StoreAway` when that does not work."""

    def describe(self) -> str:
        """The store in a few words for humans, without secrets."""


def checked_key(key: str) -> str:
    """The key itself; raises `BadKey` for one that could leave the store or that not every store can hold."""
    segments = key.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        raise BadKey(f"empty, '.' or '..' segment in {key!r}")
    plain = key.isascii() and key.isprintable()  # most keys; asking for each letter is ten times slower
    if "\\" in key or not (plain or all(unicodedata.category(c) not in ("Cc", "Cs") for c in key)):
        raise BadKey(f"backslash, control character or lone surrogate in {key!r}")
    if len(key.encode()) > MOST_BYTES_OF_KEY or any(
        len(s.encode()) > MOST_BYTES_OF_SEGMENT for s in segments
    ):
        raise BadKey(f"too long: {key[:80]!r}…")
    if segments[0] == DEPOSIT:
        raise BadKey(f"{DEPOSIT}/ is the store's own: {key!r}")
    return key


def checked_prefix(prefix: str) -> str:
    return checked_key(prefix) if prefix else prefix


def is_key(key: str) -> bool:
    try:
        checked_key(key)
    except BadKey:
        return False
    return True
