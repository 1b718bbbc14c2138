"""One sandbox for the tests that parse, and real files made on the spot."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive_service.kernel.clock import MovableClock
from archive_service.kernel.sandbox import Sandbox
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from tests.archives import MORNING, House, make_house


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as sandbox:
        yield sandbox


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A path to write a file at; the parsers do not go by its name."""
    return tmp_path / "file"


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One furnished archive, made once and closed; copies of its folder are opened."""
    house = make_house(tmp_path_factory.mktemp("furnished"))
    house.archive.close()
    return house


@pytest.fixture
def house(furnished: House, tmp_path: Path) -> Iterator[House]:
    """An archive of this test's own: making the schema anew each time would take longer than most tests."""
    shutil.copytree(furnished.archive.settings.data, tmp_path / "var")
    clock = MovableClock(MORNING)
    clock.advance(seconds=1)
    archive = Archive(Settings(data=tmp_path / "var"), clock)
    yield replace(furnished, archive=archive, clock=clock)
    archive.close()
