"""A bucket is judged by the same rules, with keys that no store of ours would make."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.kernel.objects import open_store, tree_of
from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.spec.check import Place, check, what_is
from tests.preservation.ocfl.spec import bad_objects, bad_roots
from tests.preservation.ocfl.spec.built import Built, codes, root

#: A bucket knows neither folders without files nor links nor devices.
NOT_IN_A_BUCKET = {"E024", "E073", "E089", "E090", "W003"}


class Bucket:
    def __init__(self, server) -> None:
        self.server, self.name = server, server.new_bucket()
        self.client = self.tree("")._store.client  # type: ignore[attr-defined]

    def tree(self, prefix: str) -> Tree:
        url = f"s3://{self.name}/{prefix}?endpoint={self.server.endpoint}"
        store = open_store(url, access_key=self.server.access_key, secret_key=self.server.secret_key)
        return tree_of(store)

    def put(self, key: str, data: bytes = b"") -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def upload(self, folder: Path, prefix: str) -> Tree:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return self.tree(prefix)


@pytest.fixture
def bucket(s3_server) -> Bucket:
    return Bucket(s3_server)


def told(tree: Tree) -> set[str]:
    return {each.code for each in check(tree)}


def test_a_root_and_an_object_are_good_in_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    tree = bucket.upload(root(tmp_path / "r"), "deep/root")
    assert told(tree) == told(bucket.tree("deep/root/ab/cd/object")) == set()
    assert (what_is(tree), what_is(bucket.tree("deep/root/ab/cd/object"))) == (Place.root, Place.object)


def test_folder_marks_of_a_console_are_no_files(bucket: Bucket, tmp_path: Path) -> None:
    tree = bucket.upload(root(tmp_path / "r"), "r")
    for key in ("r/", "r/ab/", "r/ab/cd/object/", "r/ab/cd/object/v1/content/"):
        bucket.put(key)
    assert told(tree) == set()


def test_keys_that_no_folder_could_have_are_told(bucket: Bucket, tmp_path: Path) -> None:
    tree = bucket.upload(Built().build(tmp_path / "o"), "o")
    bucket.put("o/v1/content//x", b"x")
    assert told(tree) == {"E023"}


def test_a_bucket_and_a_folder_are_told_the_same(bucket: Bucket, tmp_path: Path) -> None:
    """A few of the broken objects and roots; the rules are the same code."""
    for number, case in enumerate(bad_objects.CASES[::40]):
        folder = case.built.build(tmp_path / f"o{number}")
        case.damage(folder)
        expected = codes(folder)
        if not expected & NOT_IN_A_BUCKET and (folder / "inventory.json").exists():
            assert told(bucket.upload(folder, f"o{number}")) == expected, case.codes
    for number, (_, objects, spec, damage) in enumerate(bad_roots.CASES[::15]):
        folder = root(tmp_path / f"r{number}", objects, spec)
        damage(folder)
        expected = codes(folder)
        if not expected & NOT_IN_A_BUCKET:
            assert told(bucket.upload(folder, f"r{number}")) == expected
