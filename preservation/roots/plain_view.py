"""A plain OCFL storage root out of any root, encrypted ones above all: for a judge who has neither keys nor software."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import BadKey, ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.objects.folder import FolderStore
from preservation.ocfl.checked_source import ContentChanged
from preservation.ocfl.copies import copy_object
from preservation.ocfl.inventory import InventoryBroken
from preservation.ocfl.layout import OCFL_ROOT
from preservation.ocfl.store import ObjectDamaged, OtherVersionThere, RootBehind, init_root, object_ids

FAULTS = (
    ObjectDamaged, ObjectMissing, ContentChanged, InventoryBroken, OtherVersionThere, RootBehind, BadKey, StoreAway,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlainView:
    objects: int
    faults: dict[str, str]
    """What could not be given, by object id."""
    root: Path


def export_plain(
    source: ObjectStore, folder: Path, beat: Callable[[int], None] = lambda _: None
) -> PlainView:
    """Every object with all versions, each file checked against its inventory on the way.

    Run again, it goes on: what is there already is not written twice. `folder`/ocfl is the OCFL storage root.
    """
    target = FolderStore(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / OCFL_ROOT / "0=ocfl_1.1").is_file():
        raise NotPossible(
            f"{folder} đã có dữ liệu khác.", f"{folder} holds something else.", name="foreign-files"
        )
    target.create()
    init_root(target)
    count, faults = 0, {}
    for object_id in object_ids(source):
        try:
            copy_object(source, target, object_id)
            count += 1
        except FAULTS as error:
            faults[object_id] = f"{type(error).__name__}: {error}"
        beat(count)
    return PlainView(count, faults, folder / OCFL_ROOT)
