"""Opens an object store by its address, or all that lies there as others see it. `port` says what a store does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects.port import (
    AlreadyThere,
    BadKey,
    Locked,
    NoLock,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    Source,
    StillThere,
    StoreAway,
    StoreFacts,
    StoreFull,
    StoreProblem,
)

if TYPE_CHECKING:
    from archive_service.kernel.objects.trees import Tree

__all__ = [
    "AlreadyThere",
    "BadKey",
    "Locked",
    "NoLock",
    "ObjectInfo",
    "ObjectMissing",
    "ObjectStore",
    "Source",
    "StillThere",
    "StoreAway",
    "StoreFacts",
    "StoreFull",
    "StoreProblem",
    "open_store",
    "tree_of",
]


def open_store(
    url: str, *, access_key: str | None = None, secret_key: str | None = None, release: bool = False
) -> ObjectStore:
    """`file:///folder` or `s3://bucket/prefix?endpoint=https://host:port&region=name`; touches nothing yet.

    `release`: removing goes past governance locks, where the keys may; only lawful destruction opens it so.
    Without keys boto3 looks for them where it usually does. Raises `NotPossible` for any other address.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        from archive_service.kernel.objects.folder import FolderStore

        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        # boto3 takes 0.3 s to import: an archive on folders never needs it.
        from archive_service.kernel.objects.s3 import S3Store, address_of

        return S3Store(address_of(url), access_key=access_key, secret_key=secret_key, release=release)
    raise NotPossible(
        f"Địa chỉ kho lưu trữ sai: {url}; cần file:///thư-mục hoặc s3://bucket/tiền-tố?endpoint=…",
        f"Not an address of a store: {url}; expected file:///folder or s3://bucket/prefix?endpoint=…",
        name="wrong-setting",
    )


def tree_of(store: ObjectStore) -> Tree:
    """All that lies at a store's place, by what it is kept in. Raises `TypeError` for a store of neither kind."""
    from archive_service.kernel.objects.folder import FolderStore
    from archive_service.kernel.objects.trees import FolderTree

    if isinstance(store, FolderStore):
        return FolderTree(store.base)
    from archive_service.kernel.objects.s3 import S3Store
    from archive_service.kernel.objects.s3_tree import S3Tree

    if isinstance(store, S3Store):
        return S3Tree(store)
    raise TypeError(type(store).__name__)
