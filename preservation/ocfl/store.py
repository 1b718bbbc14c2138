"""Writing, reading and erasing OCFL objects in an object store. What stands there is never changed, only added to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, cast

from archive_service.kernel.errors import Conflict
from archive_service.kernel.objects import AlreadyThere, ObjectMissing, ObjectStore, Source
from preservation.ocfl.checked_source import CheckedSource
from preservation.ocfl.inventory import INVENTORY, SIDECAR, Inventory, User, sidecar
from preservation.ocfl.layout import (
    OCFL_ROOT,
    ROOT_FILES,
    declaration_of,
    object_id_at,
    object_path,
)
from preservation.ocfl.plan import Changes, NewFile, VersionPlan, plan_version
from preservation.ocfl.state import Condition, ObjectState, object_state


class OtherVersionThere(Conflict):
    """The root already holds another version of that number."""

    name = "other-version-there"

    def __init__(self, object_id: str, number: int) -> None:
        super().__init__(
            f"{object_id}: phiên bản {number} trong kho khác với phiên bản đang ghi.",
            f"{object_id}: another version {number} is stored already.",
        )


class RootBehind(Conflict):
    """The root lacks an earlier version: copy the object from a root that has it (`copies.copy_object`)."""

    name = "root-behind"

    def __init__(self, object_id: str, number: int) -> None:
        super().__init__(
            f"{object_id}: kho này chưa có các phiên bản trước phiên bản {number}.",
            f"{object_id}: this root lacks versions before {number}.",
        )


class ObjectDamaged(Exception):
    """Inventories and sidecars in this root disagree; `validate.check` tells how."""


def init_root(store: ObjectStore) -> None:
    """Makes an OCFL storage root (declaration last) in a store that exists; again is fine."""
    for key, data in reversed(ROOT_FILES.items()):
        store.put(key, data)


def create_object(
    store: ObjectStore,
    object_id: str,
    files: Mapping[str, NewFile],
    *,
    message: str,
    user: User,
    created: datetime,
) -> Inventory:
    """Plans a first version and writes it to this one root."""
    plan = plan_version(object_id, None, Changes(files), message=message, user=user, created=created)
    return write_version(store, plan)


def write_version(store: ObjectStore, plan: VersionPlan) -> Inventory:
    """Writes a planned version; durable on return. The same version already there is success, a torn one is finished.

    Raises `OtherVersionThere`, `RootBehind`, `ObjectDamaged`, `ContentChanged` and `StoreAway`; then nothing of the
    new version is visible, or all of it. Nothing is read back here.
    """
    state = object_state(store, plan.object_id)
    if state.condition == Condition.damaged:
        raise ObjectDamaged(plan.object_id)
    present = state.inventory.head if state.inventory else 0
    if present >= plan.number:
        _expect_same(store, plan, state)
    elif present == plan.number - 1:
        if present and state.data != plan.previous:
            raise OtherVersionThere(plan.object_id, present)
        _write_new(store, plan, state)
    else:
        raise RootBehind(plan.object_id, plan.number)
    return plan.inventory


def finish(store: ObjectStore, object_id: str) -> bool:
    """Finishes a torn write; returns whether there was one."""
    state = object_state(store, object_id)
    if state.condition == Condition.torn:
        write_root_pair(store, object_path(object_id), state.data)
    return state.condition == Condition.torn


def read_inventory(store: ObjectStore, object_id: str) -> Inventory:
    """The newest committed version's inventory, a torn write's too; repairs nothing (`object_state` tells torn ones).

    Raises `ObjectMissing`, `ObjectDamaged`, `BadObjectId`.
    """
    state = object_state(store, object_id)
    if state.condition == Condition.damaged:
        raise ObjectDamaged(object_id)
    if state.inventory is None:
        raise ObjectMissing(object_id)
    return state.inventory


def open_file(
    store: ObjectStore,
    inventory: Inventory,
    logical_path: str,
    *,
    version: int | None = None,
    fresh: bool = False,
) -> AbstractContextManager[BinaryIO]:
    """The bytes of a logical path, not verified; raises `ObjectMissing`. `fresh` as in `ObjectStore.open`."""
    digest = inventory.files(version).get(logical_path)
    if digest is None:
        raise ObjectMissing(f"{inventory.object_id}: {logical_path}")
    return store.open(content_key(inventory, digest), fresh=fresh)


def content_key(inventory: Inventory, digest: str) -> str:
    """The store's key of the content with that SHA-512."""
    return f"{object_path(inventory.object_id)}/{inventory.content_path(digest)}"


def erase_object(store: ObjectStore, object_id: str) -> int:
    """Removes an object with all versions and remains; returns how many files; raises `StillThere`."""
    return store.purge(object_path(object_id))


def object_paths(store: ObjectStore) -> Iterator[str]:
    """Every folder four levels below the root, where objects lie; sorted."""
    # SeaweedFS still tells folders that were emptied.
    return (path for path in object_folders(store) if next(store.list(path), None))


def object_folders(store: ObjectStore) -> Iterator[str]:
    """As `object_paths`, in half the time, for whoever looks into each: one may have been emptied."""
    for one in store.folders(OCFL_ROOT):
        if one != "extensions":
            for two in store.folders(f"{OCFL_ROOT}/{one}"):
                for three in store.folders(f"{OCFL_ROOT}/{one}/{two}"):
                    for name in store.folders(f"{OCFL_ROOT}/{one}/{two}/{three}"):
                        yield f"{OCFL_ROOT}/{one}/{two}/{three}/{name}"


def object_ids(store: ObjectStore) -> Iterator[str]:
    """The ids of all objects, read from the folders' names; what lies elsewhere is told by `validate.check`."""
    for path in object_paths(store):
        if (object_id := object_id_at(path)) is not None:
            yield object_id


def write_root_pair(store: ObjectStore, path: str, data: bytes) -> None:
    store.put(f"{path}/{INVENTORY}", data)
    store.put(f"{path}/{SIDECAR}", sidecar(data))


def _expect_same(store: ObjectStore, plan: VersionPlan, state: ObjectState) -> None:
    with store.open(f"{object_path(plan.object_id)}/v{plan.number}/{INVENTORY}") as stream:
        if stream.read() != plan.data:
            raise OtherVersionThere(plan.object_id, plan.number)
    if state.condition == Condition.torn:
        write_root_pair(store, object_path(plan.object_id), state.data)


def _write_new(store: ObjectStore, plan: VersionPlan, state: ObjectState) -> None:
    path = object_path(plan.object_id)
    if state.condition == Condition.torn:
        write_root_pair(store, path, state.data)
    folder = path if plan.number == 1 else f"{path}/v{plan.number}"
    # Files of an interrupted write that was planned otherwise would stay for ever, in no inventory. What has its
    # commit point is never removed: another writer may have finished since we looked.
    committed = store.stat(f"{path}/v{plan.number}/{SIDECAR}") is not None
    if not committed and next(store.list(folder), None) is not None:
        store.delete_tree(folder)
    pair: list[tuple[str, Source]] = [(INVENTORY, plan.data), (SIDECAR, sidecar(plan.data))]
    sources = [CheckedSource(file) for _, file in plan.contents]
    contents: list[tuple[str, Source]] = [
        (name, cast(BinaryIO, source)) for (name, _), source in zip(plan.contents, sources, strict=True)
    ]
    try:
        if plan.number == 1:
            first = [(f"v1/{name}", data) for name, data in pair]
            store.put_tree(path, [declaration_of(plan.inventory.spec), *contents, *first, *pair])
            return
        store.put_tree(folder, [(name.partition("/")[2], source) for name, source in contents] + pair)
    except AlreadyThere as error:
        raise OtherVersionThere(plan.object_id, plan.number) from error
    finally:
        for source in sources:
            source.close()
    write_root_pair(store, path, plan.data)
