"""Two validators of other people say the same of every object and root that the table of codes is tested with.

Where one of them lets something pass that the specification forbids, it stands here by its codes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from archive_service.kernel.objects.trees import FolderTree
from preservation.ocfl.spec.layouts import place_of
from tests.judges.java import Verdict
from tests.preservation.ocfl.spec import bad_objects, bad_roots, test_good
from tests.preservation.ocfl.spec.built import codes, errors, layout, root
from tests.services.build import ROCFL_VERSION
from tests.services.fixtures import not_there

LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
OCFL_JAVA_LETS_PASS = {"E019", "E026 E056", "E033", "E090", "E096 E033", "E108"}
ROCFL_LETS_PASS = {"E019", "E026 E056", "E051", "E056", "E070", "E071", "E093", "E096 E033"}
ROCFL_BREAKS_DOWN = {"E037"}
"""At an id that is a number."""
ROCFL_REFUSES = {"names that no file system of ours would choose"}
"""It cannot read a name that JSON must escape."""


class Case(NamedTuple):
    told: str
    folder: Path


def _no_damage(folder: Path) -> None:
    pass


def cases(scratch: Path, every: int) -> Iterator[Case]:
    good = [bad_objects.Case(how, built, _no_damage) for how, built in test_good.GOOD.items()]
    objects = [*good, *bad_objects.WARNINGS, *bad_objects.CASES[::every]]
    for number, case in enumerate(objects):
        folder = root(scratch / f"o{number}", {})
        layout(folder, LAYOUT)
        place = place_of(FolderTree(folder), LAYOUT)
        assert place is not None
        case.damage(case.built.build(folder / place(case.built.object_id)))
        yield Case(case.codes, folder)
    for number, (told, held, spec, damage) in enumerate(bad_roots.CASES[::every]):
        folder = root(scratch / f"r{number}", held, spec)
        damage(folder)
        yield Case(told, folder)


def test_ocfl_java_says_the_same(
    ocfl_java_all: Callable[[Sequence[Path]], list[Verdict]], tmp_path: Path
) -> None:
    made = list(cases(tmp_path, every=4))
    _agree(made, ocfl_java_all([case.folder for case in made]), OCFL_JAVA_LETS_PASS)


@pytest.mark.deep
def test_both_say_the_same_of_everything(
    ocfl_java_all: Callable[[Sequence[Path]], list[Verdict]], rocfl: Callable[[Path], Verdict], tmp_path: Path
) -> None:
    made = list(cases(tmp_path, every=1))
    _agree(made, ocfl_java_all([case.folder for case in made]), OCFL_JAVA_LETS_PASS)
    judged = [case for case in made if case.told not in ROCFL_BREAKS_DOWN | ROCFL_REFUSES]
    _agree(judged, [rocfl(case.folder) for case in judged], ROCFL_LETS_PASS)


def _agree(made: list[Case], verdicts: list[Verdict], lets_pass: set[str]) -> None:
    for case, verdict in zip(made, verdicts, strict=True):
        ours = errors(case.folder)
        if not ours:
            assert verdict.accepted and verdict.examined, (case, verdict)
        elif verdict.accepted:
            assert case.told in lets_pass, (case, ours)


@pytest.mark.deep
def test_every_official_fixture_is_told_by_the_codes_in_its_name(pytestconfig: pytest.Config) -> None:
    """The fixtures of OCFL 1.0, as the sources of rocfl carry them; they are there where that was built."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    place = f"registry/src/*/rocfl-{ROCFL_VERSION}/resources/test/validate/official-1.0"
    found = next(home.glob(place), None)
    if found is None:
        not_there(pytestconfig, "the official fixtures", "rocfl was not built here")
        return
    kinds = {kind: [each for each in (found / kind).iterdir() if each.is_dir()] for kind in KINDS}
    assert all(len(each) >= KINDS[kind] for kind, each in kinds.items())
    for fixture in kinds["error"]:
        assert _named(fixture) <= errors(fixture), fixture.name
    for fixture in (*kinds["warn"], *kinds["valid"]):
        assert codes(fixture) == _named(fixture), fixture.name


KINDS = {"error": 50, "warn": 12, "valid": 10}


def _named(fixture: Path) -> set[str]:
    return set(re.findall(r"[EW]\d{3}", fixture.name))
