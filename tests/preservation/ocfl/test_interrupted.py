"""A writer that dies at any step leaves the version before or the new one, and the next try completes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from archive_service.kernel.objects import ObjectMissing, ObjectStore
from preservation.ocfl.state import Condition, object_state
from preservation.ocfl.store import read_inventory, write_version
from preservation.ocfl.validate import check
from tests.preservation.ocfl.made import planned


class Killed(BaseException):
    pass


CHANGING = ("put", "put_tree", "delete", "delete_tree")


def dying(store: ObjectStore, patch: pytest.MonkeyPatch, after: int) -> None:
    """At its `after`-th step the store does nothing more. A step lies before and after each call that changes something.

    In a bucket every file of a tree is a call of its own; in a folder a tree appears by one rename.
    """
    seen = count()

    def step() -> None:
        if next(seen) >= after:
            raise Killed

    def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **kwargs: Any) -> Any:
            step()
            result = call(*args, **kwargs)
            step()
            return result

        return made

    for name in CHANGING:
        patch.setattr(store, name, stepping(getattr(store, name)))


def versions_seen(store: ObjectStore, object_id: str) -> int:
    assert object_state(store, object_id).condition != Condition.damaged
    try:
        return read_inventory(store, object_id).head
    except ObjectMissing:
        return 0


def test_dying_at_any_step_never_damages_an_object(any_store: ObjectStore) -> None:
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


def test_dying_at_any_step_leaves_what_another_plan_can_be_written_over(any_store: ObjectStore) -> None:
    """The try after the crash plans otherwise (newer software): of the first one nothing stays, or all of it."""
    for after in range(0, 9, 2):
        object_id = f"urn:y:{after}"
        one, other = (planned({name: b"1", "c": b"2"}, object_id=object_id) for name in ("a", "b"))
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            dying(any_store, patch, after)
            write_version(any_store, one)
        expected = other if object_state(any_store, object_id).inventory is None else one
        write_version(any_store, expected)
        assert read_inventory(any_store, object_id) == expected.inventory
        assert list(check(any_store, object_id)) == []
