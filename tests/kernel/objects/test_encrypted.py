"""What an encrypted store leaves in the store below it, and what it says of what others did there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive_service.kernel.objects import BadKey, ObjectMissing
from archive_service.kernel.objects.age import DossierKey
from archive_service.kernel.objects.encrypted import CiphertextDamaged, EncryptedStore
from archive_service.kernel.objects.folder import FolderStore
from archive_service.kernel.objects.places import place_of

ONE, TWO = "ocfl/111/111/111/urn%3auuid%3a1", "ocfl/222/222/222/urn%3auuid%3a2"


class Keys(dict[str, DossierKey]):
    def find(self, owner: str) -> DossierKey | None:
        return self.get(owner)

    def make(self, owner: str) -> DossierKey:
        return self.setdefault(owner, DossierKey(bytes([len(self)] * 32)))


@pytest.fixture
def store(tmp_path: Path) -> EncryptedStore:
    below = FolderStore(tmp_path / "root")
    below.create()
    return EncryptedStore(below, Keys())


def on_disk(tmp_path: Path) -> list[str]:
    root = tmp_path / "root"
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def read(store: EncryptedStore, key: str) -> bytes:
    with store.open(key, fresh=True) as stream:
        return stream.read()


def path_of(tmp_path: Path, store: EncryptedStore, key: str) -> Path:
    return tmp_path / "root" / store._name(key)


def test_neither_names_nor_contents_lie_in_the_open(store: EncryptedStore, tmp_path: Path) -> None:
    store.put(f"{ONE}/v1/content/submission/Nguyen-Van-A.pdf", b"Nguyen Van A was dismissed")
    store.put("evidence/11111111-1111-1111-1111-111111111111/x/000001", b"Nguyen Van A was dismissed")
    for name in on_disk(tmp_path):
        assert "Nguyen" not in name and "content" not in name
        assert b"Nguyen" not in (tmp_path / "root" / name).read_bytes()


def test_declarations_marker_and_folders_of_objects_stay_plain(store: EncryptedStore, tmp_path: Path) -> None:
    store.put("ocfl/0=ocfl_1.1", b"ocfl_1.1\n")
    store.put("archive-root.json", b"{}")
    store.put(f"{ONE}/inventory.json", b"{}")
    assert (tmp_path / "root/ocfl/0=ocfl_1.1").read_bytes() == b"ocfl_1.1\n"
    assert (tmp_path / "root/archive-root.json").read_bytes() == b"{}"
    assert [name.rpartition("/")[0] for name in on_disk(tmp_path) if "urn" in name] == [ONE]


def test_a_file_of_another_dossier_or_another_path_is_damage(store: EncryptedStore, tmp_path: Path) -> None:
    for key in (f"{ONE}/a", f"{ONE}/b", f"{TWO}/a"):
        store.put(key, key.encode())
    mine = path_of(tmp_path, store, f"{ONE}/a")
    whole = mine.read_bytes()
    for other in (f"{ONE}/b", f"{TWO}/a"):
        mine.write_bytes(path_of(tmp_path, store, other).read_bytes())
        with pytest.raises(CiphertextDamaged):
            read(store, f"{ONE}/a")
    mine.write_bytes(whole)
    assert read(store, f"{ONE}/a") == f"{ONE}/a".encode()


def test_a_file_under_another_name_is_a_stranger(store: EncryptedStore, tmp_path: Path) -> None:
    store.put(f"{ONE}/v1/a", b"x")
    store.put(f"{ONE}/v2/b", b"y")
    found = path_of(tmp_path, store, f"{ONE}/v1/a")
    found.rename(path_of(tmp_path, store, f"{ONE}/v2/b").parent / found.name)
    strange = [info for info in store.list(f"{ONE}/v2") if not info.regular]
    assert len(strange) == 1 and strange[0].key.startswith(f"{ONE}/v2/?:")
    assert store.stat(f"{ONE}/v1/a") is None


def test_what_others_put_there_is_seen_read_as_it_is_and_removed(
    store: EncryptedStore, tmp_path: Path
) -> None:
    store.put(f"{ONE}/v1/a", b"x")
    (tmp_path / "root" / ONE / "la.txt").write_bytes(b"foreign")
    (strange,) = [info for info in store.list(ONE) if not info.regular]
    assert (strange.key, strange.size, read(store, strange.key)) == (f"{ONE}/?:la.txt", 7, b"foreign")
    with pytest.raises(BadKey):
        store.put(strange.key, b"")
    store.delete_tree(strange.key)
    assert [info.key for info in store.list(ONE)] == [f"{ONE}/v1/a"]


def test_without_its_key_nothing_of_a_dossier_can_be_read_and_all_can_be_erased(
    store: EncryptedStore, tmp_path: Path
) -> None:
    store.put(f"{ONE}/v1/a", b"x")
    store._keys.clear()  # type: ignore[attr-defined]
    assert store.stat(f"{ONE}/v1/a") is None
    with pytest.raises(ObjectMissing):
        read(store, f"{ONE}/v1/a")
    assert [info.regular for info in store.list(ONE)] == [False]
    assert list(store.folders(f"{ONE}/v1")) == []
    assert store.purge(ONE) == 1
    assert on_disk(tmp_path) == []


def test_as_deep_as_a_package_may_go_is_not_too_deep(store: EncryptedStore) -> None:
    deep = f"{ONE}/v1/content/submission/data/" + "/".join("abcdefgh" * 10)
    store.put(f"{deep}/1", b"1")
    store.put(f"{deep}/2/3", b"3")
    assert read(store, f"{deep}/2/3") == b"3"
    assert [info.key for info in store.list(deep)] in (
        [f"{deep}/1", f"{deep}/2/3"],
        [f"{deep}/2/3", f"{deep}/1"],
    )
    assert list(store.folders(deep)) == ["2"]
    assert store.purge(f"{deep}/2") == 1
    store.delete_tree(deep)
    assert list(store.list(ONE)) == []


def test_a_lock_is_put_on_the_sealed_form(store: EncryptedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(f"{ONE}/v1/a", b"x")
    asked: list[str] = []
    monkeypatch.setattr(
        FolderStore, "retain", lambda _, prefix, until: asked.append(prefix) or 1, raising=False
    )
    assert store.retain(ONE, datetime(2030, 1, 1, tzinfo=UTC)) == 1
    assert store.retain(f"{ONE}/v1/a", datetime(2030, 1, 1, tzinfo=UTC)) == 1
    assert asked[0] == ONE and "v1" not in asked[1]


def test_the_places_are_those_of_the_ocfl_layout() -> None:
    from preservation.aips.repair import EVIDENCE
    from preservation.ocfl.layout import ROOT_FILES, object_path
    from preservation.roots.markers import MARKER
    from preservation.system.objects import TAIL
    from preservation.system.store import SYSTEM

    assert all(place_of(key) is None for key in (*ROOT_FILES, MARKER, TAIL))
    for object_id in ("urn:uuid:0193", SYSTEM + "log-2026-11"):
        place = place_of(f"{object_path(object_id)}/v1/inventory.json")
        assert place is not None and (place.base, place.owner) == (object_path(object_id), object_id)
    evidence = place_of(f"{EVIDENCE}/log-2026-11/x/1")
    assert evidence is not None and evidence.owner == SYSTEM + "log-2026-11"
