"""The stores that the contract is told for, and sources that break or are large."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from archive_service.kernel.objects import ObjectStore, open_store
from archive_service.kernel.objects.age import DossierKey
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.places import Place

SECOND = pytest.mark.deep  # another server, which takes minutes to build
KINDS = [
    "folder",
    "s3",
    "s3-versioned",
    "encrypted-folder",
    "encrypted-s3",
    pytest.param("versitygw", marks=SECOND),
    pytest.param("versitygw-versioned", marks=SECOND),
    pytest.param("encrypted-versitygw", marks=SECOND),
]


class OneKey:
    """A keystore of one key, for everything."""

    key = DossierKey(bytes(range(32)))

    def find(self, owner: str) -> DossierKey:
        return self.key

    make = find


def made(kind: str, request: pytest.FixtureRequest, folder: Path) -> ObjectStore:
    """An empty store of one of the `KINDS`."""
    plain = _plain(kind.removeprefix("encrypted-"), request, folder)
    # Every key is sealed here, from its first segment on: in a root only what lies below an object's folder is.
    return EncryptedStore(plain, OneKey(), lambda _: Place("", "all")) if "encrypted" in kind else plain


def _plain(kind: str, request: pytest.FixtureRequest, folder: Path) -> ObjectStore:
    if kind == "folder":
        made = open_store((folder / "kho lưu trữ").as_uri())
        made.create()
        return made
    server = request.getfixturevalue("versitygw_server" if kind.startswith("versitygw") else "s3_server")
    bucket = server.new_bucket(versioning=kind.endswith("versioned"))
    return open_store(
        f"s3://{bucket}/gốc?endpoint={server.endpoint}",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


def read(store: ObjectStore, key: str, *, fresh: bool = False) -> bytes:
    with store.open(key, fresh=fresh) as stream:
        return stream.read()


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return sorted(info.key for info in store.list(prefix))


class Breaking(io.RawIOBase):
    """A stream that gives `good` bytes and then fails."""

    def __init__(self, good: int) -> None:
        self.left = good

    def read(self, size: int = -1) -> bytes:
        if not self.left:
            raise RuntimeError("the sender is gone")
        block = b"x" * min(self.left, size)
        self.left -= len(block)
        return block


class Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        block = bytes(min(self.left, size))
        self.left -= len(block)
        return block
