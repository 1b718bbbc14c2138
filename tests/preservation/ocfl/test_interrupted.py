"""A writer that dies at any step leaves the version before or the new one, and the next try completes it."""

from __future__ import annotations

from itertools import count

import pytest

from archive_service.kernel.objects import ObjectMissing, ObjectStore, Source
from preservation.ocfl.state import Condition, object_state
from preservation.ocfl.store import read_inventory, write_version
from preservation.ocfl.validate import check
from tests.preservation.ocfl.made import planned


class Killed(BaseException):
    pass


def dying(store: ObjectStore, patch: pytest.MonkeyPatch, after: int) -> None:
    """From its `after`-th put on, the store does nothing more. In a bucket every file of a tree is a put."""
    real, seen = store.put, count()

    def put(key: str, source: Source, *, if_absent: bool = False) -> None:
        if next(seen) >= after:
            raise Killed
        real(key, source, if_absent=if_absent)

    patch.setattr(store, "put", put)


def versions_seen(store: ObjectStore, object_id: str) -> int:
    assert object_state(store, object_id).condition != Condition.damaged
    try:
        return read_inventory(store, object_id).head
    except ObjectMissing:
        return 0


def test_dying_at_any_put_never_damages_an_object(any_store: ObjectStore) -> None:
    for after in count():
        object_id = f"urn:x:{after}"
        first = planned({"a": b"1", "b": b"2"}, object_id=object_id)
        second = planned({"c": b"3"}, first.inventory, object_id=object_id)
        alive = 0
        for number, plan in enumerate((first, second), 1):
            with pytest.MonkeyPatch.context() as patch:
                dying(any_store, patch, after)
                try:
                    write_version(any_store, plan)
                    alive += 1
                except Killed:
                    assert versions_seen(any_store, object_id) in (number - 1, number)
            write_version(any_store, plan)
            assert versions_seen(any_store, object_id) == number
            assert list(check(any_store, object_id)) == []
        if alive == 2:
            return
