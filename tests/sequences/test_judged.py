"""Others' code reads whatever the sequences leave behind, and refuses the same with one thing broken."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import ClassVar

import pytest

from preservation.ocfl.store import object_ids
from tests.faults.crashes import DEEP
from tests.faults.warm import WarmSandbox
from tests.judges.java import Verdict
from tests.preservation.ocfl.breaking import BREAKS, break_one
from tests.preservation.ocfl.spec.built import errors
from tests.preservation.ocfl.test_judged import fetched
from tests.sequences.test_sequences import lives
from tests.sequences.wider import BackedUp, Wider

pytestmark = pytest.mark.timeout(7200)
SEED = 4054


class Left(Wider):
    """Keeps each root as it is when the life ends; of an encrypted one what anybody with its keys reads there."""

    left: ClassVar[Path]

    def teardown(self) -> None:
        for root_id, store in self.life.house.archive.stores.items():
            if any(object_ids(store)):
                place = self.left / f"{self.life.name}-{root_id}"
                shutil.copytree(fetched(store, place.with_suffix(".fetched")), place)
        super().teardown()


def left_and_broken(folder: Path, sandbox: WarmSandbox, count: int) -> list[tuple[Path, Path, str]]:
    """Each root left behind, a copy of it with one thing broken, and what."""
    machine = type("Kept", (Left,), {"left": folder / "left"})
    lives(BackedUp(folder / "stack", sandbox), count=count, steps=8, machine=machine)
    dice, ways, made = random.Random(SEED), cycle(BREAKS), []
    for good in sorted((folder / "left").iterdir()):
        if good.suffix != ".fetched":
            bad = folder / "broken" / good.name
            shutil.copytree(good, bad)
            made.append((good, bad, break_one(bad, dice, next(ways))))
    return made


def test_ocfl_java_accepts_every_root_left_behind_and_refuses_every_broken_one(
    ocfl_java_all: Callable[[Sequence[Path]], list[Verdict]], tmp_path: Path, warm_sandbox: WarmSandbox
) -> None:
    made = left_and_broken(tmp_path, warm_sandbox, count=30 if DEEP else 3)
    verdicts = ocfl_java_all([each for good, bad, _ in made for each in (good, bad)])
    assert len(made) >= 2
    assert all(each.examined for each in verdicts[::2])
    assert [each.said for each in verdicts[::2]] == [()] * len(made)
    assert [what for (*_, what), each in zip(made, verdicts[1::2], strict=True) if each.accepted] == []
    assert [what for _, bad, what in made if not errors(bad)] == []


@pytest.mark.deep
def test_rocfl_accepts_every_root_left_behind_and_refuses_every_broken_one(
    rocfl: Callable[[Path], Verdict], tmp_path: Path, warm_sandbox: WarmSandbox
) -> None:
    made = left_and_broken(tmp_path, warm_sandbox, count=30)
    verdicts = [(rocfl(good), rocfl(bad)) for good, bad, _ in made]
    assert all(good.examined for good, _ in verdicts)
    assert [good.said for good, _ in verdicts] == [()] * len(made)
    assert [what for (*_, what), (_, bad) in zip(made, verdicts, strict=True) if bad.accepted] == []
