"""An object store that seals what it is given and keeps it in another one. Above it nothing knows of it.

Contents are age files (`age`), names are sealed too (`names`), whose key it is says `places`. What was damaged or put in
another's place is told as a file that cannot be read, as a bad sector is; never does a byte come out that was not proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol

from archive_service.kernel.objects import age
from archive_service.kernel.objects.age import DossierKey
from archive_service.kernel.objects.names import DEEPEST, STRANGE, opened_path, sealed_path
from archive_service.kernel.objects.places import Place, place_of
from archive_service.kernel.objects.port import (
    BadKey,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    Source,
    StoreAway,
    StoreFacts,
    checked_key,
    checked_prefix,
)


class KeySource(Protocol):
    def find(self, owner: str) -> DossierKey | None:
        """None where there is none; raises `StoreAway` while that cannot be told."""

    def make(self, owner: str) -> DossierKey:
        """The key, made where there is none: on every place of the keystore when this returns."""


class CiphertextDamaged(StoreAway):
    """For an audit a file that is there and cannot be read."""

    name = "ciphertext-damaged"
    vi_fact, en_fact = (
        "Một tệp mã hóa trong kho lưu trữ bị hỏng",
        "An encrypted file in a storage root is damaged",
    )


class EncryptedStore:
    def __init__(
        self, inner: ObjectStore, keys: KeySource, place: Callable[[str], Place | None] = place_of
    ) -> None:
        self.inner, self._keys, self._place = inner, keys, place

    def describe(self) -> str:
        return f"{self.inner.describe()} (encrypted)"

    def create(self) -> None:
        self.inner.create()

    def put(self, key: str, source: Source, *, if_absent: bool = False) -> None:
        self.inner.put(*self._sealed(key, source), if_absent=if_absent)

    def put_tree(self, prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        top = self._name(prefix, making=True)

        def sealed() -> Iterator[tuple[str, Source]]:
            for name, source in entries:
                key, stream = self._sealed(f"{prefix}/{name}", source)
                if not key.startswith(top + "/"):
                    raise BadKey(f"too deep for a tree: {prefix!r}")
                yield key.removeprefix(top + "/"), stream

        self.inner.put_tree(top, sealed())

    @contextmanager
    def open(self, key: str, *, fresh: bool = False) -> Iterator[BinaryIO]:
        name, place = self._name(checked_key(key)), self._place(key)
        owner = self._keys.find(place.owner) if place else None
        if place and owner is None:
            raise ObjectMissing(key)
        with self._told_by(key), self.inner.open(name, fresh=fresh) as stream:
            if owner is None or _strange(key):
                yield stream
                return
            yield age.opening(
                owner, key, stream, lambda why: CiphertextDamaged(self.describe(), f"{key}: {why}")
            )

    @contextmanager
    def open_sealed(self, key: str, *, fresh: bool = False) -> Iterator[BinaryIO]:
        """The bytes as the store below keeps them: what is damaged beyond opening is evidence all the same."""
        with self._told_by(key), self.inner.open(self._name(checked_key(key)), fresh=fresh) as stream:
            yield stream

    def stat(self, key: str) -> ObjectInfo | None:
        found = self.inner.stat(self._name(checked_key(key)))
        return replace(found, key=key, size=self._size(key, found.size)) if found else None

    def keeps_sha256(self, key: str, sha256: str) -> None:
        """What the store below keeps is that of the sealed bytes."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        checked_prefix(prefix)
        for _, info in self._found(prefix):
            yield info

    def folders(self, prefix: str = "") -> Iterator[str]:
        checked_prefix(prefix)
        below = f"{prefix}/" if prefix else ""
        if self._merged(below):
            inner = (each.key.removeprefix(below).partition("/") for _, each in self._found(prefix))
            yield from sorted({name for name, deeper, _ in inner if deeper})
            return
        base = self._name(prefix) if prefix else ""
        keys = (self._key(f"{base}/{name}" if base else name)[0] for name in self.inner.folders(base))
        yield from sorted(key.removeprefix(below) for key in keys)

    def delete(self, key: str) -> None:
        self.inner.delete(self._name(checked_key(key)))

    def delete_tree(self, prefix: str) -> None:
        for name in self._names_of(prefix):
            self.inner.delete_tree(name)

    def purge(self, prefix: str) -> int:
        return sum(self.inner.purge(name) for name in self._names_of(prefix))

    def retain(self, prefix: str, until: datetime) -> int:
        """For stores that lock; what is locked is the sealed form."""
        below: Any = self.inner
        return sum(below.retain(name, until) for name in self._names_of(prefix))

    def locked(self, prefix: str) -> Any:
        below: Any = self.inner
        return below.locked(self._name(prefix))

    def sweep(self, older_than: timedelta) -> int:
        return self.inner.sweep(older_than)

    def probe(self) -> StoreFacts:
        return replace(self.inner.probe(), keeps_sha256=False)

    def _sealed(self, key: str, source: Source) -> tuple[str, Source]:
        place = self._place(checked_key(key))
        if place is None:
            return key, source
        if _strange(key):
            raise BadKey(f"{STRANGE} begins what is no sealed name: {key!r}")
        owner = self._keys.make(place.owner)
        return self._name(key), age.sealing(owner, key, source)

    def _name(self, key: str, *, making: bool = False) -> str:
        """What the key is called in the store below."""
        place = self._place(checked_key(key))
        if place is None:
            return key
        owner = self._keys.make(place.owner) if making else self._keys.find(place.owner)
        rest = _below(place.base, key)
        if (
            owner is None
        ):  # without its key nothing of it can be named, nor was anything sealed under that name
            return (
                _join(place.base, rest.replace(STRANGE, ""))
                if _strange(key)
                else _join(place.base, "no key", rest)
            )
        return _join(place.base, sealed_path(owner, place.base, rest))

    def _key(self, name: str) -> tuple[str, bool]:
        """The key of what is called so below, and whether it was sealed here."""
        place = self._place(name)
        if place is None:
            return name, True
        path, ours = opened_path(self._keys.find(place.owner), place.base, _below(place.base, name))
        return _join(place.base, path), ours

    def _found(self, prefix: str) -> Iterator[tuple[str, ObjectInfo]]:
        """Everything at or below `prefix`, with its name below. A name that is not ours is told as not regular."""
        within = self._listed_at(prefix)
        for info in self.inner.list(within):
            folder = info.key.endswith("/")
            key, ours = self._key(info.key.rstrip("/"))
            if not prefix or key == prefix or key.startswith(prefix + "/"):
                size = self._size(key, info.size) if ours else info.size
                yield info.key, ObjectInfo(key + "/" * folder, size, info.regular and ours)

    def _listed_at(self, prefix: str) -> str:
        if not prefix:
            return ""
        if not self._merged(prefix):
            return self._name(prefix)
        place = self._place(prefix)
        base = place.base if place else ""
        kept = _below(base, prefix).split("/")[:DEEPEST]
        return self._name(_join(base, *kept))

    def _merged(self, path: str) -> bool:
        """Lies this so deep that the rest of it is one name?"""
        place = self._place(path)
        return place is not None and _below(place.base, path).count("/") >= DEEPEST

    def _names_of(self, prefix: str) -> tuple[str, ...]:
        if not self._merged(checked_key(prefix)):
            return (self._name(prefix),)
        return tuple(name for name, _ in self._found(prefix))

    def _size(self, key: str, size: int) -> int:
        return size if self._place(key) is None else age.plain_size(size)

    @contextmanager
    def _told_by(self, key: str) -> Iterator[None]:
        try:
            yield
        except ObjectMissing as error:
            raise ObjectMissing(key) from error


def _strange(key: str) -> bool:
    return key.startswith(STRANGE) or f"/{STRANGE}" in key


def _below(base: str, key: str) -> str:
    return key.removeprefix(base + "/") if base else key


def _join(*parts: str) -> str:
    return "/".join(filter(None, parts))
