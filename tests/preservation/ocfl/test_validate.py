from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_service.kernel.objects import ObjectStore
from preservation.ocfl.inventory import INVENTORY, SIDECAR, Inventory, sidecar
from preservation.ocfl.layout import DECLARATION, ROOT_FILES, object_path
from preservation.ocfl.plan import NothingChanged
from preservation.ocfl.store import write_version
from preservation.ocfl.validate import check
from tests.preservation.ocfl.conftest import new_root
from tests.preservation.ocfl.made import ID, codes, planned, rewrite
from tests.preservation.ocfl.test_content_paths import logical
from tests.preservation.ocfl.test_inventory import BROKEN, UNSET, document

PATH = object_path(ID)


@pytest.fixture
def folder(store: ObjectStore, tmp_path: Path) -> Path:
    """The folder of an object of two versions."""
    first = write_version(store, planned())
    write_version(store, planned({"a.txt": b"2"}, first))
    return tmp_path / "root" / PATH


def test_a_good_object_has_no_finding(store: ObjectStore, folder: Path) -> None:
    assert list(check(store)) == list(check(store, ID)) == []


def test_an_object_that_is_not_there_is_a_finding(store: ObjectStore) -> None:
    assert codes(store, "nothing") == {"A001"}


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


DAMAGES: list[tuple[str, Callable[[Path], object]]] = [
    ("E092", lambda o: (o / "v2/content/a.txt").write_bytes(b"3")),
    ("E092", lambda o: (o / "v2/content/a.txt").unlink()),
    ("E023", lambda o: (o / "v2/content/b.txt").write_bytes(b"")),
    ("E090", lambda o: _link(o / "v2/content/a.txt")),
    ("E090", lambda o: (o / "v2/content/new\nline").write_bytes(b"")),
    ("E024", lambda o: (o / "v2/content/empty").mkdir()),
    ("E015", lambda o: (o / "v2/b.txt").write_bytes(b"")),
    ("E001", lambda o: (o / "b.txt").write_bytes(b"")),
    ("E001", lambda o: (o / "v03").mkdir() or (o / "v03/a").write_bytes(b"")),
    ("E003", lambda o: (o / DECLARATION).unlink()),
    ("E003", lambda o: (o / "0=ocfl_object_1.0").write_bytes(b"ocfl_object_1.0\n")),
    ("E007", lambda o: (o / DECLARATION).write_bytes(b"ocfl_object_1.1")),
    ("E009", lambda o: shutil.rmtree(o / "v1")),
    ("E010", lambda o: (o / "v2").rename(o / "v3")),
    ("E008", lambda o: [shutil.rmtree(o / v) for v in ("v1", "v2")]),
    ("E063", lambda o: (o / INVENTORY).unlink()),
    ("A006", lambda o: (o / "v1" / INVENTORY).unlink()),
    ("E058", lambda o: (o / SIDECAR).unlink()),
    ("E058", lambda o: (o / "v1" / SIDECAR).unlink()),
    ("E060", lambda o: (o / SIDECAR).write_bytes(sidecar(b""))),
    ("E061", lambda o: (o / SIDECAR).write_bytes((o / SIDECAR).read_bytes().upper())),
    ("E061", lambda o: (o / SIDECAR).write_bytes((o / SIDECAR).read_bytes().replace(b"  ", b" "))),
    ("E064", lambda o: [shutil.copy(o / "v1" / name, o / name) for name in (INVENTORY, SIDECAR)]),
    ("E040", lambda o: shutil.copytree(o / "v2", o / "v3")),
    ("E033", lambda o: (o / INVENTORY).write_bytes(b"{")),
    ("A003", lambda o: o.rename(o.with_name("elsewhere"))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "damage"), DAMAGES)
def test_each_damage_is_told_by_its_code(
    store: ObjectStore, folder: Path, code: str, damage: Callable[[Path], object]
) -> None:
    damage(folder)
    assert code in codes(store)


@pytest.mark.parametrize("key", ROOT_FILES)
@pytest.mark.parametrize("data", [b"", b"ocfl_1.0\n", None])
def test_a_changed_or_missing_file_of_the_root_is_told(
    store: ObjectStore, key: str, data: bytes | None
) -> None:
    if data is None:
        store.delete(key)
        assert codes(store) & {"E069", "A002"}
    else:
        store.put(key, data)
        assert codes(store) & {"E080", "A002"}


@pytest.mark.parametrize(
    ("code", "key"),
    [("E072", "ocfl/stray"), ("E072", "ocfl/abc/stray"), ("E072", "ocfl/extensions/x/y/z/stray")],
)
def test_a_file_outside_every_object_is_told(store: ObjectStore, code: str, key: str) -> None:
    store.put(key, b"")
    assert code in codes(store)


@pytest.mark.parametrize("empty", ["abc", "abc/def", "abc/def/012/object"])
def test_an_empty_folder_in_the_hierarchy_is_told(store: ObjectStore, tmp_path: Path, empty: str) -> None:
    (tmp_path / "root/ocfl" / empty).mkdir(parents=True)
    assert codes(store) == {"E073"}


def test_what_lies_beside_the_ocfl_tree_is_no_business_of_ocfl(store: ObjectStore) -> None:
    store.put("archive-root.json", b"{}")
    assert codes(store) == set()


def test_history_that_was_rewritten_is_told(store: ObjectStore) -> None:
    first = write_version(store, planned({"a": b"1", "b": b"2"}))
    write_version(store, planned({"c": b"3"}, first))
    forged = json.loads(first.to_bytes())
    (one, other) = forged["versions"]["v1"]["state"]
    state = forged["versions"]["v1"]["state"]
    state[one], state[other] = state[other], state[one]
    data = (json.dumps(forged, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    store.put(f"{PATH}/v1/{INVENTORY}", data)
    store.put(f"{PATH}/v1/{SIDECAR}", sidecar(data))
    assert codes(store) == {"E066"}


def test_a_changed_description_of_an_old_version_is_told(store: ObjectStore) -> None:
    first = write_version(store, planned(message="as it was"))
    write_version(store, planned({"c": b"3"}, first))
    data = first.to_bytes().replace(b"as it was", b"otherwise")
    store.put(f"{PATH}/v1/{INVENTORY}", data)
    store.put(f"{PATH}/v1/{SIDECAR}", sidecar(data))
    assert codes(store) == {"A005"}


def test_other_bytes_for_the_same_inventory_are_told(store: ObjectStore) -> None:
    plan = planned()
    write_version(store, plan)
    rewrite(store, plan.data.replace(b" ", b"  "))
    assert codes(store) == {"A002"}


def test_a_damaged_inventory_does_not_hide_damaged_content(store: ObjectStore, folder: Path) -> None:
    (folder / INVENTORY).write_bytes(b"{")
    (folder / "v2/content/a.txt").write_bytes(b"3")
    assert {"E033", "E092"} <= codes(store)


def test_without_digests_only_structure_is_looked_at(store: ObjectStore, folder: Path) -> None:
    (folder / "v2/content/a.txt").write_bytes(b"3")
    assert list(check(store, digests=False)) == []


@pytest.mark.parametrize(("code", "changed"), BROKEN)
def test_a_hostile_inventory_is_told_and_never_crashes(store: ObjectStore, code: str, changed: dict) -> None:
    write_version(store, planned())
    rewrite(store, document(**changed))
    found = list(check(store))
    assert code in {finding.code for finding in found}
    assert all((finding.path + finding.message).isascii() for finding in found if finding.code == code)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@contextmanager
def scratch_root() -> Iterator[tuple[ObjectStore, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield new_root(Path(folder)), Path(folder)


@settings(max_examples=settings().max_examples // 2)
@given(st.dictionaries(st.sampled_from([*document(), "fixity"]), json_values | st.just(UNSET), min_size=1))
def test_no_inventory_crashes_the_check(changed: dict[str, object]) -> None:
    with scratch_root() as (store, _):
        write_version(store, planned())
        rewrite(store, document(**changed))
        assert codes(store)


versions = st.lists(
    st.dictionaries(logical, st.binary(max_size=20), min_size=1, max_size=4), min_size=1, max_size=3
)


def write_all(store: ObjectStore, changes: list[dict[str, bytes]]) -> Inventory | None:
    """Writes a version for each, as far as logical paths do not clash."""
    inventory: Inventory | None = None
    for put in changes:
        held = inventory.files() if inventory else {}
        fits = {path: data for path, data in put.items() if not clashes(path, [*held, *put])}
        try:
            plan = planned(fits, inventory)
        except NothingChanged:
            continue
        inventory = write_version(store, plan)
    return inventory


def clashes(path: str, others: list[str]) -> bool:
    return any(path.startswith(o + "/") or o.startswith(path + "/") for o in others)


@settings(max_examples=settings().max_examples // 2)
@given(versions, st.randoms(use_true_random=False))
def test_any_flipped_byte_and_any_file_more_or_less_is_found(
    changes: list[dict[str, bytes]], dice: random.Random
) -> None:
    with scratch_root() as (store, folder):
        write_all(store, changes)
        assert list(check(store)) == []
        files = sorted(path for path in (folder / "ocfl").rglob("*") if path.is_file())
        victim = dice.choice(files)
        data = victim.read_bytes()
        if data:
            place = dice.randrange(len(data))
            flipped = data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]
            victim.write_bytes(flipped)
            assert list(check(store)), f"{victim} at {place}"
        victim.unlink()
        assert list(check(store)), f"{victim} removed"
        victim.write_bytes(data)
        added = dice.choice(files).parent / "added"
        added.write_bytes(b"")
        assert list(check(store)) or added.parent == folder / "ocfl", f"{added} added"
