"""The specification's table of codes, code by code: each is told of an object or root made for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from preservation.ocfl.spec.codes import CODES, NEVER_TOLD
from tests.preservation.ocfl.spec import bad_objects, bad_roots
from tests.preservation.ocfl.spec.bad_objects import Case
from tests.preservation.ocfl.spec.built import Built, codes, errors, findings, root

OWN = {code for code in CODES if code.startswith("A")}


@pytest.mark.parametrize("case", bad_objects.CASES, ids=lambda case: case.codes)
def test_a_broken_object_is_told_by_its_codes(tmp_path: Path, case: Case) -> None:
    folder = case.built.build(tmp_path / "o")
    case.damage(folder)
    found = codes(folder)
    assert set(case.codes.split()) <= found
    assert found <= CODES.keys() - NEVER_TOLD.keys()


@pytest.mark.parametrize("case", bad_objects.WARNINGS, ids=lambda case: case.codes)
def test_what_should_not_be_is_told_as_a_warning_and_as_nothing_else(tmp_path: Path, case: Case) -> None:
    folder = case.built.build(tmp_path / "o")
    case.damage(folder)
    assert codes(folder) == set(case.codes.split())
    assert errors(folder) == set()


@pytest.mark.parametrize(("told", "objects", "spec", "damage"), bad_roots.CASES)
def test_a_broken_root_is_told_by_its_codes(
    tmp_path: Path, told: str, objects: dict[str, Built], spec: str, damage: Callable[[Path], object]
) -> None:
    folder = root(tmp_path / "r", objects, spec)
    damage(folder)
    assert set(told.split()) <= errors(folder)


@pytest.mark.parametrize(("told", "objects", "spec", "damage"), bad_roots.WARNINGS)
def test_a_root_that_is_not_as_it_should_be_is_told_so(
    tmp_path: Path, told: str, objects: dict[str, Built], spec: str, damage: Callable[[Path], object]
) -> None:
    folder = root(tmp_path / "r", objects, spec)
    damage(folder)
    assert codes(folder) == set(told.split())


def test_every_code_of_the_table_has_a_case_or_a_reason_why_it_cannot() -> None:
    made = {
        code
        for told, *_ in (*bad_objects.CASES, *bad_objects.WARNINGS, *bad_roots.CASES, *bad_roots.WARNINGS)
        for code in told.split()
    }
    assert made | NEVER_TOLD.keys() | OWN == CODES.keys()
    assert not made & NEVER_TOLD.keys()


def test_the_table_is_the_specifications() -> None:
    """OCFL 1.1.1's table, and the three codes that only OCFL 1.0 has."""
    numbers = {*range(1, 65), *range(66, 109), 110, 111, 112}
    warnings = {*range(1, 17)} - {6}
    assert CODES.keys() - OWN == {f"E{n:03}" for n in numbers} | {f"W{n:03}" for n in warnings}


def test_a_place_with_nothing_is_told_as_neither_root_nor_object(tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o/.keep").write_bytes(b"")
    assert {"E003", "E063", "E069"} <= codes(tmp_path / "o")


def test_a_root_of_many_faults_names_each_object(tmp_path: Path) -> None:
    folder = root(tmp_path / "r", {f"a/{n}": Built(f"urn:x:{n}") for n in range(3)})
    for n in (0, 2):
        (folder / f"a/{n}/v1/content/a.txt").write_bytes(b"0")
    assert [each.path for each in findings(folder)] == ["a/0/v1/content/a.txt", "a/2/v1/content/a.txt"]


def test_every_code_is_documented_in_both_languages() -> None:
    page = Path(__file__).parents[4].joinpath("docs/operating/check-ocfl.md").read_text()
    assert [f"| {code} | {vi} | {en} |" for code, (vi, en) in CODES.items()] == [
        line for line in page.splitlines() if line[:3] in ("| E", "| W", "| A")
    ]
    assert all(f"- {code}: {why}." in page for code, why in NEVER_TOLD.items())
