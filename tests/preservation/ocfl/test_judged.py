"""What we write is OCFL to somebody else's code too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archive_service.kernel.objects import ObjectStore
from preservation.ocfl.store import erase_object, write_version
from preservation.ocfl.validate import check
from tests.judges.java import Verdict
from tests.preservation.ocfl.made import ID, planned

HARD_NAMES = {
    "submission/data/Quyết định số 15.pdf": b"1",
    "A.pdf": b"2",
    "a.pdf": b"3",
    "dòng\nmới/e\u0301": b"4",
    "con.txt": b"5",
    "x/" * 90 + "y": b"6",
    "%2e%2e/\"q\" 'z' .": b"7",
    "empty": b"",
}


def test_ocfl_java_accepts_a_root_with_hard_names_three_versions_and_an_erased_object(
    any_store: ObjectStore, tmp_path: Path, ocfl_java: Callable[[Path], Verdict]
) -> None:
    write_version(any_store, planned(object_id="urn:x:erased"))
    first = write_version(any_store, planned(HARD_NAMES))
    second = write_version(any_store, planned({"metadata/dossier.json": b"{}"}, first, remove=["empty"]))
    write_version(any_store, planned({}, second, remove=["a.pdf"]))
    erase_object(any_store, "urn:x:erased")
    assert list(check(any_store, ID)) == []
    assert ocfl_java(fetched(any_store, tmp_path / "fetched")) == Verdict(True, 1, ())


def fetched(store: ObjectStore, folder: Path) -> Path:
    """The OCFL tree as files: the folder store's own, or a bucket's as anybody would download it."""
    base = getattr(store, "base", None)
    if isinstance(base, Path):
        return base / "ocfl"
    for info in store.list("ocfl"):
        (folder / info.key).parent.mkdir(parents=True, exist_ok=True)
        with store.open(info.key) as stream:
            (folder / info.key).write_bytes(stream.read())
    return folder / "ocfl"
