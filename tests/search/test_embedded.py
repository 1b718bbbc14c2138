"""The embedded index among several processes, after a crash, and on the bytes of its disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from search.embedded import EmbeddedIndex
from search.generations import Generations
from search.index import IndexAway, Query
from tests.search.entries import EVERYTHING, entry

SECRET = "zqxjkvwqy"


def bytes_on_disk(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def write_some(folder: Path, start: int) -> None:
    index = EmbeddedIndex(folder)
    for i in range(start, start + 5):
        index.write([entry(f"e{i}", title="nhiều tiến trình")])


def hold_the_lock_and_die(folder: Path) -> None:
    with Generations(folder).writing():
        (Generations(folder).new_folder()).mkdir()
        os.kill(os.getpid(), signal.SIGKILL)


def in_process(target: object, *args: object) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=target, args=args)  # type: ignore[arg-type]
    process.start()
    return process


def test_an_erased_text_is_in_no_file_of_the_index(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    index.write([entry("gone", dossier_id="h", text=SECRET), entry("stays", text="khác")])
    assert SECRET.encode() in bytes_on_disk(tmp_path), "else this test could not fail"
    index.erase(["h"])
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    assert [hit.entry.id for hit in index.search(Query(text="khác"), EVERYTHING).hits] == ["stays"]


def test_an_earlier_revision_of_an_erased_text_is_gone_too(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    index.write([entry("a", dossier_id="h", text=SECRET)])
    index.write([entry("a", dossier_id="h", revision=2, text="sửa")])
    index.erase(["h"])
    assert SECRET.encode() not in bytes_on_disk(tmp_path)


def test_an_erased_text_is_not_in_a_rebuild_under_way(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    rebuild = index.rebuild()
    rebuild.write([entry("a", dossier_id="h", text=SECRET)])
    index.erase(["h"])
    assert SECRET.encode() not in bytes_on_disk(tmp_path) and rebuild.count() == 0


def test_several_processes_write_and_each_sees_all(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    others = [in_process(write_some, tmp_path, start) for start in (0, 5)]
    for other in others:
        other.join(60)
    assert [other.exitcode for other in others] == [0, 0]
    assert index.count() == 10


def test_a_writer_that_was_killed_leaves_lock_and_leftovers_to_the_next(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    index.write([entry("a")])
    killed = in_process(hold_the_lock_and_die, tmp_path)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL and len(list(tmp_path.glob("g-*"))) == 2
    index.erase(["other"])
    assert index.count() == 1 and len(list(tmp_path.glob("g-*"))) == 1


def test_a_writer_waits_only_so_long_for_another(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, patience=0.05)
    with Generations(tmp_path).writing(), pytest.raises(IndexAway):
        index.write([entry("a")])


def test_a_reader_goes_on_when_the_index_is_swapped_below_it(tmp_path: Path) -> None:
    reader, writer = EmbeddedIndex(tmp_path), EmbeddedIndex(tmp_path)
    writer.write([entry("a"), entry("b", dossier_id="h")])
    assert reader.count() == 2
    writer.erase(["h"])
    assert reader.count() == 1


def test_a_damaged_index_is_away_and_not_empty(tmp_path: Path) -> None:
    EmbeddedIndex(tmp_path).write([entry("a")])
    (folder,) = tmp_path.glob("g-*")
    (folder / "meta.json").write_text("{")
    with pytest.raises(IndexAway):
        EmbeddedIndex(tmp_path).count()
