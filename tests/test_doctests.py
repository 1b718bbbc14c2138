"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
#: Alembic runs these itself; importing them would start a migration.
NOT_IMPORTED = "archive_service.migrations."


def modules() -> Iterator[str]:
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names = (found.name for found in pkgutil.walk_packages(path, f"{package}."))
        yield from (name for name in names if not name.startswith(NOT_IMPORTED))


def faults(module: ModuleType) -> list[str]:
    """The examples of a module that do not give what they say."""
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=told.append)
    return told


@pytest.mark.parametrize("package", PACKAGES)
def test_every_example_gives_what_it_says(package: str) -> None:
    found = [name for name in modules() if name.startswith(f"{package}.")]
    assert [fault for name in found for fault in faults(importlib.import_module(name))] == []


def test_a_wrong_example_is_found() -> None:
    module = ModuleType("wrong", ">>> 1 + 1\n3\n")
    assert faults(module)
