"""Arrows point down only, and no room stands outside the drawing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
LAYERS = LINTER["contracts"][0]["layers"]
DRAWN = {name.strip() for layer in LAYERS for name in layer.replace("|", ":").split(":")}
WITHOUT_CODE = {"tests", "docs"}
BESIDE = {"benchmarks"}
"""Folders with Python that are no part of what is delivered."""


def modules_of(folder: Path, prefix: str) -> set[str]:
    """The names of the modules and packages right below a package."""
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}
    return {f"{prefix}.{name}" for name in files | folders}


def unlisted(modules: Iterable[str]) -> list[str]:
    return sorted(name for name in modules if name not in DRAWN)


def test_each_module_of_the_service_has_its_place_in_a_layer() -> None:
    assert unlisted(modules_of(ROOT / "archive_service", "archive_service")) == []


def test_a_module_without_a_place_is_found(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").touch()
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/__init__.py").touch()
    assert unlisted(modules_of(tmp_path, "archive_service")) == ["archive_service.helpers"]


def test_no_top_level_package_is_outside_the_drawing() -> None:
    tracked = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "*.py"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    tops = {Path(name).parts[0] for name in tracked}
    assert tops - WITHOUT_CODE - BESIDE == set(LINTER["root_packages"])


def test_the_five_packages_say_nothing_when_imported() -> None:
    # The linter does not see what an __init__.py pulls in for everybody.
    full = [name for name in LINTER["root_packages"] if (ROOT / name / "__init__.py").read_text().strip()]
    assert full == []


def test_only_doors_know_the_frameworks_of_doors() -> None:
    doors = {f"archive_service.{name}" for name in ("app", "api", "web", "cli", "demo")}
    assert DRAWN - set(LINTER["contracts"][1]["source_modules"]) == doors


def test_no_package_is_let_past_a_port() -> None:
    assert set(LINTER["contracts"][2]["source_modules"]) == set(LINTER["root_packages"])


def test_each_room_of_preservation_has_its_layer() -> None:
    listed = {name.strip() for layer in LINTER["contracts"][3]["layers"] for name in layer.split(":")}
    assert {place.parent.name for place in (ROOT / "preservation").glob("*/__init__.py")} == listed


def test_every_arrow_points_down() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
