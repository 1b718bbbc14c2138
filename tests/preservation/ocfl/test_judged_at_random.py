"""Others' code accepts whatever roots our writer leaves, and refuses the same roots with one thing broken."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from preservation.ocfl.layout import OCFL_ROOT
from preservation.ocfl.plan import NothingChanged
from preservation.ocfl.store import erase_object, object_ids, write_version
from preservation.ocfl.validate import check
from tests.judges.java import Verdict
from tests.preservation.ocfl.breaking import BREAKS, break_one
from tests.preservation.ocfl.conftest import new_root
from tests.preservation.ocfl.made import planned
from tests.preservation.ocfl.spec.built import errors

SEED = 1101
NAMES = (
    "a",
    "b/c",
    "Quyết định số 15.pdf",
    "A",
    "con",
    "dòng\nmới",
    "e\u0301",
    "x" * 200,
    "d/" * 40 + "z",
    "%2e ~",
)
PLAIN = tuple(name for name in NAMES if "\n" not in name)
"""rocfl cannot read a name that JSON must escape."""


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def written(folder: Path, dice: random.Random, names: Sequence[str]) -> Path:
    """A root after a dozen random writes: versions, removals, erased objects."""
    store = new_root(folder)
    newest = {}
    for _ in range(12):
        object_id = f"urn:x:{dice.randrange(4)}"
        before = newest.get(object_id)
        held = sorted(before.files()) if before else []
        if len(newest) > 1 and before and dice.random() < 0.15:
            erase_object(store, object_id)
            del newest[object_id]
            continue
        put = {
            name: dice.randbytes(dice.choice((0, 1, 50))) for name in dice.sample(names, dice.randint(1, 4))
        }
        remove = [] if len(held) < 2 else [name for name in dice.sample(held, 1) if name not in put]
        try:
            newest[object_id] = write_version(store, planned(put, before, remove=remove, object_id=object_id))
        except NothingChanged:
            continue
    assert len(list(object_ids(store))) == len(newest) > 0
    assert list(check(store)) == []
    return folder / OCFL_ROOT


def roots(scratch: Path, count: int, names: Sequence[str] = NAMES) -> Iterator[tuple[Path, Path]]:
    """Good ones, each with a copy broken in its own way, which our own judge refuses, too."""
    dice, ways = random.Random(SEED), itertools.cycle(BREAKS)
    for number in range(count):
        good = written(scratch / f"good{number}", dice, names)
        bad = scratch / f"bad{number}" / OCFL_ROOT
        shutil.copytree(good, bad)
        what = break_one(bad, dice, next(ways))
        assert errors(bad), what
        yield good, bad


def test_ocfl_java_accepts_what_was_written_and_refuses_what_was_broken(
    ocfl_java_all: Callable[[Sequence[Path]], list[Verdict]], tmp_path: Path
) -> None:
    made = list(roots(tmp_path, 6))
    verdicts = ocfl_java_all([each for pair in made for each in pair])
    assert all(each.examined for each in verdicts[::2])
    assert [each.said for each in verdicts[::2]] == [()] * len(made)
    assert [bad for (_, bad), each in zip(made, verdicts[1::2], strict=True) if each.accepted] == []


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_both_judges_say_so_of_many_roots(
    ocfl_java_all: Callable[[Sequence[Path]], list[Verdict]], rocfl: Callable[[Path], Verdict], tmp_path: Path
) -> None:
    made = list(roots(tmp_path, 60, PLAIN))
    java = ocfl_java_all([each for pair in made for each in pair])
    assert [each.said for each in java[::2]] == [()] * len(made)
    assert [bad for (_, bad), each in zip(made, java[1::2], strict=True) if each.accepted] == []
    rust = [(rocfl(good), rocfl(bad)) for good, bad in made]
    assert [good.said for good, _ in rust] == [()] * len(made)
    assert all(good.examined for good, _ in rust)
    assert [pair for pair, (_, bad) in zip(made, rust, strict=True) if bad.accepted] == []
