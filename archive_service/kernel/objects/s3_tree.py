"""A bucket as it is, with keys that others made: "a//b", keys that end in "/", keys with line breaks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from archive_service.kernel.digests import CHUNK
from archive_service.kernel.objects.s3 import S3Store, _Body
from archive_service.kernel.objects.s3_faults import s3_faults
from archive_service.kernel.objects.trees import Entry, Kind


class S3Tree:
    """Zero-byte keys that end in "/" are what consoles make to show a folder: no things of their own."""

    has_empty_folders = False

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._top = f"{store.address.prefix}/" if store.address.prefix else ""

    def describe(self) -> str:
        return self._store.describe()

    def children(self, folder: str) -> list[Entry]:
        found: dict[str, Entry] = {}
        for page in self._pages(folder, delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                path = each["Prefix"][len(self._top) : -1]
                found[path] = Entry(path, Kind.folder)
            for entry in self._files(page):
                found.setdefault(entry.path, entry)
        return sorted(found.values(), key=lambda each: each.path)

    def walk(self, folder: str) -> Iterator[Entry]:
        for page in self._pages(folder):
            yield from self._files(page)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        store = self._store
        with s3_faults(store.describe(), path):
            answer = store.client.get_object(Bucket=store.bucket, Key=self._top + path)
        with io.BufferedReader(_Body(answer["Body"], store.describe()), CHUNK) as stream:
            yield cast(BinaryIO, stream)

    def _pages(self, folder: str, delimiter: str = "") -> Iterator[dict[str, Any]]:
        prefix = f"{self._top}{folder}/" if folder else self._top
        with s3_faults(self._store.describe(), folder):
            pages = self._store.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._store.bucket, Prefix=prefix, Delimiter=delimiter
            )
            yield from cast(Iterator[dict[str, Any]], pages)

    def _files(self, page: dict[str, Any]) -> Iterator[Entry]:
        for each in page.get("Contents", ()):
            key, size = each["Key"][len(self._top) :], each["Size"]
            if not (key.endswith("/") and size == 0) and key:
                yield Entry(key, Kind.file, size)
