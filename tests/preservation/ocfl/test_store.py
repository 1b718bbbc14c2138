from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive_service.kernel.objects import ObjectMissing, ObjectStore
from preservation.ocfl import store as store_module
from preservation.ocfl.checked_source import ContentChanged
from preservation.ocfl.copies import copy_object, mend_file
from preservation.ocfl.inventory import INVENTORY, SIDECAR, sidecar
from preservation.ocfl.layout import DECLARATION, object_path
from preservation.ocfl.plan import Changes, NewFile, NothingChanged, file_of, plan_version
from preservation.ocfl.state import Condition, ObjectState, object_state
from preservation.ocfl.store import (
    ObjectDamaged,
    OtherVersionThere,
    RootBehind,
    create_object,
    erase_object,
    finish,
    init_root,
    object_ids,
    read_inventory,
    write_version,
)
from preservation.ocfl.validate import check
from preservation.verify import verify_copy
from tests.preservation.ocfl.conftest import new_root
from tests.preservation.ocfl.made import FIRST, ID, USER, WHEN, codes, planned, read_file, rewrite
from tests.preservation.ocfl.spec.built import codes as spec_codes

PATH = object_path(ID)


def raw(store: ObjectStore, key: str) -> bytes:
    with store.open(key) as stream:
        return stream.read()


def test_an_object_is_read_back_version_by_version(any_store: ObjectStore) -> None:
    first = write_version(any_store, planned())
    second = planned({"metadata/dossier.json": b"{}"}, first, remove=["submission/bagit.txt"])
    write_version(any_store, second)
    found = read_inventory(any_store, ID)
    assert found == second.inventory
    assert {path: read_file(any_store, found, path, 1) for path in found.files(1)} == FIRST
    assert found.files().keys() == {"submission/data/Quyết định.pdf", "metadata/dossier.json"}
    assert read_file(any_store, found, "metadata/dossier.json") == b"{}"
    assert list(object_ids(any_store)) == [ID]
    assert list(check(any_store)) == []


def test_making_a_root_twice_changes_nothing(any_store: ObjectStore) -> None:
    before = sorted(info.key for info in any_store.list())
    init_root(any_store)
    assert sorted(info.key for info in any_store.list()) == before
    assert list(check(any_store)) == []


def test_create_object_plans_and_writes(store: ObjectStore) -> None:
    made = create_object(store, ID, {"a": file_of(b"a")}, message="m", user=USER, created=WHEN)
    assert read_inventory(store, ID) == made


def test_equal_bytes_are_kept_once_across_files_and_versions(store: ObjectStore) -> None:
    first = write_version(store, planned({"a.txt": b"same", "b.txt": b"same"}))
    write_version(store, planned({"c.txt": b"same"}, first))
    assert [info.key for info in store.list(PATH) if "/content/" in info.key] == [f"{PATH}/v1/content/a.txt"]
    assert read_file(store, read_inventory(store, ID), "c.txt") == b"same"


def test_the_senders_digests_stand_in_the_fixity_block_and_are_checked(store: ObjectStore) -> None:
    right, wrong = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()
    create_object(store, ID, {"a": file_of(b"a", sha256=right)}, message="", user=USER, created=WHEN)
    assert read_inventory(store, ID).fixity == {"sha256": {right: ("v1/content/a",)}}
    assert codes(store) == set()
    lying = replace(read_inventory(store, ID), fixity={"sha256": {wrong: ("v1/content/a",)}})
    rewrite(store, lying.to_bytes())
    assert codes(store) == {"E093"}
    with pytest.raises(ContentChanged):
        create_object(store, "other", {"a": file_of(b"a", sha256=wrong)}, message="", user=USER, created=WHEN)
    assert object_state(store, "other").condition == Condition.absent


def test_every_root_gets_the_same_bytes(tmp_path: Path) -> None:
    roots = [new_root(tmp_path / name) for name in "ab"]
    plan = planned()
    for root in roots:
        write_version(root, plan)
    one, other = ({info.key: raw(root, info.key) for info in root.list()} for root in roots)
    assert one == other


def test_writing_the_same_version_again_is_success(any_store: ObjectStore) -> None:
    plan = planned()
    write_version(any_store, plan)
    assert write_version(any_store, plan) == plan.inventory


def test_another_version_of_that_number_is_a_conflict(store: ObjectStore) -> None:
    first = write_version(store, planned())
    with pytest.raises(OtherVersionThere):
        write_version(store, planned({"a": b"other"}))
    write_version(store, planned({"a": b"one"}, first))
    with pytest.raises(OtherVersionThere):
        write_version(store, planned({"a": b"two"}, first))
    assert codes(store) == set()


def test_a_version_on_top_of_another_history_is_a_conflict(store: ObjectStore) -> None:
    write_version(store, planned({"a": b"here"}))
    with pytest.raises(OtherVersionThere):
        write_version(store, planned({"b": b"b"}, planned({"a": b"elsewhere"}).inventory))


def test_a_root_that_is_behind_is_told_and_brought_up_to_date(tmp_path: Path, any_store: ObjectStore) -> None:
    behind = any_store
    ahead = new_root(tmp_path / "ahead")
    first = write_version(ahead, planned())
    second = write_version(ahead, planned({"a": b"2"}, first))
    third = planned({"a": b"3"}, second)
    write_version(ahead, third)
    with pytest.raises(RootBehind):
        write_version(behind, third)
    assert copy_object(ahead, behind, ID) == third.inventory
    assert copy_object(ahead, behind, ID) == third.inventory
    assert {i.key: raw(behind, i.key) for i in behind.list()} == {
        i.key: raw(ahead, i.key) for i in ahead.list()
    }


def test_a_bad_copy_is_not_copied_on(tmp_path: Path, store: ObjectStore) -> None:
    write_version(store, planned({"a": b"good"}))
    store.put(f"{PATH}/v1/content/a", b"evil")
    target = new_root(tmp_path / "target")
    with pytest.raises(ContentChanged):
        copy_object(store, target, ID)
    assert object_state(target, ID).condition == Condition.absent


def test_a_damaged_file_is_mended_from_another_root(tmp_path: Path, store: ObjectStore) -> None:
    good = new_root(tmp_path / "good")
    inventory = write_version(good, planned({"a": b"good"}))
    copy_object(good, store, ID)
    store.put(f"{PATH}/v1/content/a", b"evil")
    assert codes(store) == {"E092"}
    mend_file(good, store, inventory, "v1/content/a")
    assert codes(store) == set()
    with pytest.raises(ContentChanged):
        good.put(f"{PATH}/v1/content/a", b"evil")
        mend_file(good, store, inventory, "v1/content/a")
    assert codes(store) == set()


def test_a_source_that_changed_after_planning_is_never_stored(any_store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"planned")
    plan = plan_version(
        ID, None, Changes({"f": file_of(tmp_path / "f")}), message="", user=USER, created=WHEN
    )
    (tmp_path / "f").write_bytes(b"changed")
    with pytest.raises(ContentChanged):
        write_version(any_store, plan)
    assert object_state(any_store, ID).inventory is None
    (tmp_path / "f").write_bytes(b"planned")
    write_version(any_store, plan)
    assert codes(any_store) == set()


def test_leftovers_of_an_interrupted_write_do_not_stay(any_store: ObjectStore) -> None:
    any_store.put(f"{PATH}/{DECLARATION}", b"ocfl_object_1.1\n")
    any_store.put(f"{PATH}/v1/content/left", b"left")
    assert object_state(any_store, ID).condition == Condition.unfinished
    first = write_version(any_store, planned())
    any_store.put(f"{PATH}/v2/content/left", b"left")
    any_store.put(f"{PATH}/v2/{INVENTORY}", b"{}")
    assert object_state(any_store, ID).condition == Condition.whole
    write_version(any_store, planned({"a": b"2"}, first))
    assert codes(any_store) == set()


def two_versions(store: ObjectStore) -> tuple[bytes, bytes]:
    first = planned()
    write_version(store, first)
    second = planned({"a": b"2"}, first.inventory)
    write_version(store, second)
    return first.data, second.data


TORN: dict[str, Callable[[bytes, bytes], tuple[bytes, bytes]]] = {
    "both old": lambda old, new: (old, sidecar(old)),
    "sidecar old": lambda old, new: (new, sidecar(old)),
}


@pytest.mark.parametrize("how", TORN)
def test_a_torn_write_is_told_read_and_finished(store: ObjectStore, how: str) -> None:
    old, new = two_versions(store)
    inventory, told = TORN[how](old, new)
    store.put(f"{PATH}/{INVENTORY}", inventory)
    store.put(f"{PATH}/{SIDECAR}", told)
    assert object_state(store, ID).condition == Condition.torn
    assert read_inventory(store, ID).to_bytes() == new
    assert codes(store)
    assert finish(store, ID) is True
    assert finish(store, ID) is False
    assert codes(store) == set()


def test_a_torn_write_is_finished_by_writing_on(store: ObjectStore) -> None:
    old, _ = two_versions(store)
    store.put(f"{PATH}/{SIDECAR}", sidecar(old))
    write_version(store, planned({"a": b"3"}, read_inventory(store, ID)))
    assert codes(store) == set()


DAMAGES: dict[str, tuple[str, bytes | None]] = {
    "newest sidecar changed": (f"v2/{SIDECAR}", b"0"),
    "newest sidecar gone": (f"v2/{SIDECAR}", None),
    "newest inventory gone": (f"v2/{INVENTORY}", None),
    "newest inventory changed": (f"v2/{INVENTORY}", b"{}"),
    "root inventory changed": (INVENTORY, b"{}"),
    "root inventory gone": (INVENTORY, None),
    "root sidecar gone": (SIDECAR, None),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_what_no_interrupted_write_leaves_is_damage_and_stops_writing(store: ObjectStore, how: str) -> None:
    two_versions(store)
    last = planned({"a": b"3"}, read_inventory(store, ID))
    name, data = DAMAGES[how]
    if data is None:
        store.delete(f"{PATH}/{name}")
    else:
        store.put(f"{PATH}/{name}", data)
    assert object_state(store, ID).condition == Condition.damaged
    assert codes(store)
    for act in (lambda: read_inventory(store, ID), lambda: write_version(store, last)):
        with pytest.raises(ObjectDamaged):
            act()


def test_erasing_leaves_nothing_of_one_object_and_all_of_the_other(any_store: ObjectStore) -> None:
    write_version(any_store, planned())
    write_version(any_store, planned(object_id="other"))
    assert erase_object(any_store, ID) == 7
    assert list(object_ids(any_store)) == ["other"]
    assert list(check(any_store)) == []
    assert object_state(any_store, ID).condition == Condition.absent
    with pytest.raises(ObjectMissing):
        read_inventory(any_store, ID)


def test_nothing_changed_makes_no_version(store: ObjectStore) -> None:
    first = write_version(store, planned())
    with pytest.raises(NothingChanged):
        planned(FIRST, first)


def test_a_file_that_no_version_has_is_missing(store: ObjectStore) -> None:
    inventory = write_version(store, planned())
    with pytest.raises(ObjectMissing):
        read_file(store, inventory, "nothing")


def test_a_large_file_is_written_from_its_path(store: ObjectStore, tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(20 << 20)
    known = file_of(tmp_path / "f")
    files = {"f": NewFile(tmp_path / "f", known.digests)}
    create_object(store, ID, files, message="", user=USER, created=WHEN)
    assert codes(store) == set()


def begun_by_1_0(store: ObjectStore) -> None:
    """The object as OCFL 1.0 would have it: another declaration, another type."""
    plan = planned()
    old = plan.data.replace(b"ocfl.io/1.1/", b"ocfl.io/1.0/")
    write_version(store, plan)
    rewrite(store, old)
    store.delete(f"{PATH}/{DECLARATION}")
    store.put(f"{PATH}/0=ocfl_object_1.0", b"ocfl_object_1.0\n")


def test_an_object_of_ocfl_1_0_is_read_copied_and_goes_on_as_one(tmp_path: Path, store: ObjectStore) -> None:
    begun_by_1_0(store)
    found = read_inventory(store, ID)
    assert {path: read_file(store, found, path) for path in found.files()} == FIRST
    write_version(store, planned({"a": b"new"}, found))
    target = new_root(tmp_path / "target")
    copy_object(store, target, ID)
    for root in (tmp_path / "root", tmp_path / "target"):
        assert spec_codes(root / "ocfl") == set()
        assert (root / PATH / "0=ocfl_object_1.0").is_file()
    verified = list(
        verify_copy(target, ID, hashlib.sha512(read_inventory(store, ID).to_bytes()).hexdigest(), {})
    )
    assert verified == []


@pytest.mark.parametrize("number", [1, 2])
def test_what_another_writer_finished_meanwhile_is_never_removed(
    any_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    previous = write_version(any_store, planned()) if number == 2 else None
    mine, other = (planned({"a": data}, previous) for data in (b"mine", b"the other one"))
    look = object_state

    def look_and_pause(store: ObjectStore, object_id: str) -> ObjectState:
        state = look(store, object_id)
        monkeypatch.setattr(store_module, "object_state", look)
        write_version(store, other)
        return state

    monkeypatch.setattr(store_module, "object_state", look_and_pause)
    with pytest.raises(OtherVersionThere):
        write_version(any_store, mine)
    assert read_file(any_store, read_inventory(any_store, ID), "a") == b"the other one"
    assert codes(any_store) == set()
