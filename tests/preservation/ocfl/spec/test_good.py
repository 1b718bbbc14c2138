"""Whatever the specification allows passes without a word, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from preservation.ocfl.spec.digests import KNOWN
from tests.preservation.ocfl.spec.built import Built, codes, edit, findings, layout, load, root, save

GOOD = {
    "1.1": Built(),
    "1.0": Built(spec="1.0"),
    "from 1.0 to 1.1": Built(specs=("1.0", "1.1")),
    "upper case": Built(upper=True, fixity=("md5",)),
    "another content folder": Built(content="dữ liệu"),
    "every fixity algorithm": Built(fixity=sorted(KNOWN)),
    "no content": Built(versions=({},)),
    "one version without files": Built(versions=({"a": b"1"}, {})),
    "no id but a URI": Built(object_id="ark:/12345/bcd987"),
    "names that no file system of ours would choose": Built(
        versions=({"x\\y": b"1", "a\nb": b"2", "e\u0301": b"3", "con": b"4", "deposit": b"5"},)
    ),
    "a path longer than an S3 key": Built(versions=({"/".join(["d" * 200] * 8): b"1"},)),
}


@pytest.mark.parametrize("how", GOOD)
def test_a_good_object_has_no_finding(tmp_path: Path, how: str) -> None:
    assert findings(GOOD[how].build(tmp_path / "o")) == []


def test_a_thing_that_may_be_there_is_no_finding(tmp_path: Path) -> None:
    folder = Built().build(tmp_path / "o")
    (folder / "logs/2026").mkdir(parents=True)
    (folder / "logs/audit.txt").write_text("good")
    (folder / "extensions/0005-mutable-head/head/content/r1").mkdir(parents=True)
    (folder / "extensions/0005-mutable-head/head/content/r1/draft.txt").write_text("draft")
    save(folder / "extensions/0005-mutable-head/head", load(folder) | {"head": "v3"})
    assert findings(folder) == []


def test_equal_bytes_may_be_kept_twice(tmp_path: Path) -> None:
    folder = Built(versions=({"a": b"1"},)).build(tmp_path / "o")
    (folder / "v1/content/b").write_bytes(b"1")
    edit(lambda d: next(iter(d["manifest"].values())).append("v1/content/b"))(folder)
    assert findings(folder) == []


def test_two_files_may_share_an_md5(tmp_path: Path) -> None:
    folder = Built(versions=({"a": b"1"},)).build(tmp_path / "o")
    edit(lambda d: d.update(fixity={"md5": {}}))(folder)
    assert findings(folder) == []


def test_a_digest_by_an_unknown_algorithm_is_a_warning(tmp_path: Path) -> None:
    folder = Built(versions=({"a": b"1"},)).build(tmp_path / "o")
    edit(lambda d: d.update(fixity={"crc32": {"83dcefb7": ["v1/content/a"]}}))(folder)
    assert [(each.code, each.severity) for each in findings(folder)] == [("A007", "warning")]


def test_a_sidecar_may_have_tabs_spaces_upper_case_and_no_line_end(tmp_path: Path) -> None:
    folder = Built(versions=({"a": b"1"},)).build(tmp_path / "o")
    sidecar = folder / "inventory.json.sha512"
    sidecar.write_text(sidecar.read_text().split()[0].upper() + " \t  inventory.json")
    assert findings(folder) == []


LAYOUTS = {
    "none": {"a/b/o": Built()},
    "top level": {"o": Built(), "p": Built("urn:x:other")},
    "very deep": {"/".join("abcdefghijklmnop"): Built()},
}


@pytest.mark.parametrize("how", LAYOUTS)
@pytest.mark.parametrize("spec", ["1.0", "1.1"])
def test_a_good_root_of_any_shape_has_no_finding(tmp_path: Path, how: str, spec: str) -> None:
    objects = {path: Built(each.object_id, spec=spec) for path, each in LAYOUTS[how].items()}
    assert findings(root(tmp_path / "r", objects, spec)) == []


def test_an_older_object_may_lie_in_a_newer_root_beside_newer_ones(tmp_path: Path) -> None:
    objects = {"a/o": Built(spec="1.0"), "a/p": Built("urn:x:other")}
    assert findings(root(tmp_path / "r", objects)) == []


def test_copies_of_the_specification_and_other_files_may_lie_in_a_root(tmp_path: Path) -> None:
    folder = root(tmp_path / "r")
    for name in ("ocfl_1.1.md", "ocfl_extensions_1.0.md", "README", "0002-local.txt"):
        (folder / name).write_text("read me")
    assert findings(folder) == []


def test_each_layout_puts_an_object_where_its_examples_say(tmp_path: Path) -> None:
    """The examples of the extensions' own texts."""
    from archive_service.kernel.objects.trees import FolderTree
    from preservation.ocfl.spec.layouts import place_of

    examples = [
        ("0002-flat-direct-storage-layout", {}, "object-01", "object-01"),
        ("0003-hash-and-id-n-tuple-storage-layout", {}, "..hor/rib:le-$id",
         "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"),
        ("0003-hash-and-id-n-tuple-storage-layout",
         {"digestAlgorithm": "md5", "tupleSize": 2, "numberOfTuples": 15}, "object-01",
         "ff/75/53/44/92/48/5e/ab/b3/9f/86/35/67/28/88/object-01"),
        ("0003-hash-and-id-n-tuple-storage-layout", {"tupleSize": 0, "numberOfTuples": 0}, "object-01", "object-01"),
        ("0004-hashed-n-tuple-storage-layout", {}, "object-01",
         "3c0/ff4/240/3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4"),
        ("0004-hashed-n-tuple-storage-layout",
         {"digestAlgorithm": "md5", "tupleSize": 2, "numberOfTuples": 15, "shortObjectRoot": True}, "object-01",
         "ff/75/53/44/92/48/5e/ab/b3/9f/86/35/67/28/88/4e"),
        ("0006-flat-omit-prefix-storage-layout", {"delimiter": ":"}, "namespace:12887296", "12887296"),
    ]  # fmt: skip
    for number, (name, settings, object_id, path) in enumerate(examples):
        folder = root(tmp_path / str(number), {})
        layout(folder, name, **settings)
        place = place_of(FolderTree(folder), name)
        assert place is not None
        assert place(object_id) == path


def test_without_digests_contents_are_not_read(tmp_path: Path) -> None:
    folder = Built().build(tmp_path / "o")
    (folder / "v1/content/a.txt").write_bytes(b"0")
    assert codes(folder, digests=False) == set()
    assert codes(folder) == {"E092"}
