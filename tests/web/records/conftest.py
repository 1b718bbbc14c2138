"""Archives that are made once and copied for each test: making one takes seconds, copying does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives import House
from tests.retention.conftest import built_house, hands, house
from tests.web.furnished import furnish, reopened

__all__ = ["built_house", "hands", "house"]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    folder = tmp_path_factory.mktemp("furnished")
    made = furnish(folder)
    made.archive.close()
    return folder, made


@pytest.fixture
def shelves(furnished: tuple[Path, House], tmp_path: Path) -> Iterator[House]:
    """Real dossiers on the shelves: public, restricted with a closed document, closed."""
    folder, made = furnished
    opened = reopened(made, folder, tmp_path)
    yield opened
    opened.archive.close()
