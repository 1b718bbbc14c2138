"""Opens an object store by its address. `port` says what a store does."""

from __future__ import annotations

from pathlib import Path
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
