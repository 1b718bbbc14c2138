"""An index that lost what it had confirmed is filled again; nobody is told "0 results" for ever."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.work import Archive
from archive_service.worker import drain
from preservation.audits.index_check import forget_lost
from preservation.reading.find import find, index_owed
from search.index import Query
from tests.archives import House
from tests.sending import packed, stored


@pytest.fixture
def bereft(house: House, tmp_path: Path) -> Iterator[tuple[House, Archive]]:
    """An archive with one dossier whose index folder was lost."""
    stored(house, packed(tmp_path))
    drain(house.archive)
    house.archive.close()
    shutil.rmtree(house.archive.settings.data / "index")
    archive = Archive(house.archive.settings, house.clock)
    yield house, archive
    archive.close()


def found(house: House, archive: Archive) -> int:
    return find(archive, house.actor("officer"), Query(text="")).page.total


def test_a_lost_index_is_filled_again_by_the_timetable(bereft: tuple[House, Archive]) -> None:
    house, archive = bereft
    assert found(house, archive) == 0
    index_owed(archive)
    drain(archive)
    assert found(house, archive) > 0 and forget_lost(archive) == 0


def test_a_published_rebuild_that_missed_a_dossier_is_completed(house: House, tmp_path: Path) -> None:
    dossier = stored(house, packed(tmp_path))
    drain(house.archive)
    entries = house.archive.index.count()
    house.archive.index.rebuild().publish()
    assert forget_lost(house.archive) == 1
    index_owed(house.archive)
    drain(house.archive)
    assert house.archive.index.count() == entries
    assert str(dossier.id) in dict(house.archive.index.revisions())


def test_nothing_is_taken_back_while_all_is_there(house: House, tmp_path: Path) -> None:
    stored(house, packed(tmp_path))
    drain(house.archive)
    assert forget_lost(house.archive) == 0
