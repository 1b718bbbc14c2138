"""The media that sets lie on, their markers, and the sets that a medium shows by itself, without any database.

A medium without our marker is written to only when it is empty; a marker of another archive stops the run. A set is
there when its manifest is: that is written last, when everything else was read back and restored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive_service.backup.cipher import Part, PartDamaged
from archive_service.kernel.db import new_id
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import ObjectMissing, ObjectStore, open_store
from archive_service.kernel.setting_tables import Medium
from archive_service.kernel.settings import Settings

MARKER, SETS, MANIFEST, MINUTES = "backup-medium.json", "sets", "manifest.json", "minutes.pdf"
FORMAT = "urn:vn-archive:backup:1"
CONTEXT = b"vn-archive backup "


class ForeignMedium(NotPossible):
    name = "foreign-medium"


@dataclass(frozen=True, slots=True)
class Marker:
    archive_id: str
    medium_id: str
    marker_id: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a set is. Counts and contents are told in its sealed part `facts`."""

    set_id: str
    archive_id: str
    kind: str
    base_id: str
    began_at: str
    finished_at: str
    database: str
    """sqlite or postgresql"""
    schema: str
    epoch: int
    anchor: dict[str, Any]
    """The log's signed head: what is in."""
    software: dict[str, str]
    """`digest` of the running software; `set`: the set that holds its bytes."""
    parts: tuple[Part, ...]
    recipients: tuple[str, ...]
    format: str = FORMAT
    tools: dict[str, str] = field(default_factory=dict)
    minutes: Part | None = None
    """The paper beside the set, for people: no restore asks for it."""

    def part(self, name: str) -> Part | None:
        return next((part for part in self.parts if part.name == name), None)

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


def open_medium(settings: Settings, medium: Medium) -> ObjectStore:
    found = settings.credentials.get(medium.credentials) if medium.credentials else None
    if found is None:
        return open_store(medium.url)
    return open_store(medium.url, access_key=found.access_key, secret_key=found.secret_key.get_secret_value())


def read_marker(store: ObjectStore) -> Marker | None:
    try:
        with store.open(MARKER, fresh=True) as stream:
            return Marker(**json.loads(stream.read(1 << 16)))
    except ObjectMissing:
        return None
    except (ValueError, TypeError) as error:
        raise ForeignMedium(
            f"{store.describe()}: không đọc được dấu nhận biết.",
            f"{store.describe()}: its marker cannot be read.",
        ) from error


def prepare_medium(store: ObjectStore, medium: Medium, archive_id: str, now: str) -> Marker:
    """The medium's marker; a new, empty medium gets one. Raises `ForeignMedium` for any other."""
    marker = read_marker(store)
    if marker is None:
        if (strange := next(store.list(), None)) is not None:
            raise ForeignMedium(
                f"Phương tiện {medium.id} đã có dữ liệu lạ ({strange.key}); không ghi gì vào đó.",
                f"Medium {medium.id} already holds something ({strange.key}); nothing was written there.",
            )
        marker = Marker(archive_id, medium.id, str(new_id()), now)
        store.put(MARKER, json.dumps(asdict(marker), indent=1).encode(), if_absent=True)
    if (marker.archive_id, marker.medium_id) != (archive_id, medium.id):
        raise ForeignMedium(
            f"Phương tiện {medium.id} mang dấu của kho hoặc phương tiện khác ({marker.medium_id}); không ghi gì vào đó.",
            f"Medium {medium.id} has the marker of another archive or medium ({marker.medium_id}); nothing was written.",
        )
    return marker


def require_medium(store: ObjectStore, medium: Medium, archive_id: str) -> Marker:
    """The marker of a medium that was prepared. An empty folder may be a disk that is not there."""
    if read_marker(store) is None:
        raise ForeignMedium(
            f"Phương tiện {medium.id} chưa được chuẩn bị hoặc chưa gắn: chạy `archive backup prepare {medium.id}`.",
            f"Medium {medium.id} is not prepared, or not mounted: run `archive backup prepare {medium.id}`.",
            name="medium-not-prepared",
        )
    return prepare_medium(store, medium, archive_id, "")


def folder_of(set_id: str) -> str:
    return f"{SETS}/{set_id}"


def key_of(set_id: str, part: str) -> str:
    return f"{folder_of(set_id)}/{part}"


def manifest_bytes(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    body = asdict(manifest)
    signature = key.sign(CONTEXT + rfc8785.dumps(body)).hex()
    return json.dumps({"manifest": body, "signature": signature}, indent=1, sort_keys=True).encode()


def read_manifest(store: ObjectStore, set_id: str, key: Ed25519PublicKey) -> Manifest:
    """Raises `ObjectMissing` when there is no such set, `PartDamaged` when its manifest is not what we signed."""
    where = key_of(set_id, MANIFEST)
    with store.open(where, fresh=True) as stream:
        data = stream.read(4 << 20)
    try:
        told = json.loads(data)
        body = told["manifest"]
        key.verify(bytes.fromhex(told["signature"]), CONTEXT + rfc8785.dumps(body))
        made = Manifest(
            **{
                **body,
                "parts": tuple(Part(**p) for p in body["parts"]),
                "recipients": tuple(body["recipients"]),
                "minutes": Part(**body["minutes"]),
            }
        )
    except (ValueError, KeyError, TypeError, InvalidSignature) as error:
        raise PartDamaged(f"{where}: not as it was signed") from error
    if (made.set_id, made.format) != (set_id, FORMAT):
        raise PartDamaged(f"{where}: says it is {made.set_id}")
    return made


def sets_on(store: ObjectStore) -> Iterator[str]:
    """The ids of the sets whose manifest is there, oldest first: an id begins with its time."""
    for set_id in store.folders(SETS):
        if store.stat(key_of(set_id, MANIFEST)) is not None:
            yield set_id


def unfinished_on(store: ObjectStore) -> Iterator[str]:
    """What a run that died left: parts without a manifest."""
    for set_id in store.folders(SETS):
        if store.stat(key_of(set_id, MANIFEST)) is None and next(store.list(folder_of(set_id)), None):
            yield set_id
