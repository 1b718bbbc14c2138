from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive_service.kernel.clock import MovableClock
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from tests.archives import House, make_house
from tests.retention.shelf import Hands


@pytest.fixture(scope="session")
def built_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """An archive made once and closed: making one takes seconds, copying its folder does not."""
    folder = tmp_path_factory.mktemp("house")
    made = make_house(folder)
    made.archive.close()
    return folder / "var", made


@pytest.fixture
def house(built_house: tuple[Path, House], tmp_path: Path) -> Iterator[House]:
    folder, made = built_house
    shutil.copytree(folder, tmp_path / "var")
    clock = MovableClock(made.clock.instant)
    opened = replace(made, archive=Archive(Settings(data=tmp_path / "var"), clock), clock=clock)
    yield opened
    opened.archive.close()


@pytest.fixture
def hands(house: House) -> Hands:
    return Hands(house)
