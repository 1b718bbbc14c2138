"""Small versions to write, and short ways to look at what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from archive_service.kernel.objects import ObjectStore
from preservation.ocfl.inventory import Inventory, User, sidecar
from preservation.ocfl.layout import object_path
from preservation.ocfl.plan import Changes, VersionPlan, file_of, plan_version
from preservation.ocfl.store import open_file
from preservation.ocfl.validate import check

ID = "urn:uuid:0190a7c4-0000-7000-8000-000000000001"
WHEN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
USER = User("Kho lưu trữ", "urn:uuid:0190a7c4-0000-7000-8000-00000000000a")
FIRST = {
    "submission/data/Quyết định.pdf": b"%PDF quyet dinh",
    "submission/bagit.txt": b"BagIt-Version: 1.0\n",
}


def planned(
    put: Mapping[str, bytes] | None = None,
    previous: Inventory | None = None,
    *,
    remove: Iterable[str] = (),
    object_id: str = ID,
    message: str = "stored",
) -> VersionPlan:
    files = {path: file_of(data) for path, data in (FIRST if put is None else put).items()}
    changes = Changes(files, tuple(remove))
    return plan_version(object_id, previous, changes, message=message, user=USER, created=WHEN)


def read_file(store: ObjectStore, inventory: Inventory, path: str, version: int | None = None) -> bytes:
    with open_file(store, inventory, path, version=version) as stream:
        return stream.read()


def codes(store: ObjectStore, object_id: str | None = None) -> set[str]:
    return {finding.code for finding in check(store, object_id)}


def rewrite(store: ObjectStore, document: Mapping[str, Any] | bytes, object_id: str = ID) -> None:
    """Puts an inventory into root and v1, with sidecars that fit: an attacker's work, or a bug's."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    for folder in (object_path(object_id), f"{object_path(object_id)}/v1"):
        store.put(f"{folder}/inventory.json", data)
        store.put(f"{folder}/inventory.json.sha512", sidecar(data))
