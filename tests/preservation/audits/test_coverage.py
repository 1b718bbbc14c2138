"""The figures of a large archive's page come from the last audit's count: no page reads a row of every copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.audits import coverage as figures
from preservation.audits.coverage import Coverage, ages, coverage
from tests.archives import House
from tests.preservation.dossiers import audit, keep


@contextmanager
def statements(archive: Archive) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_: object, __: object, statement: str, *rest: object) -> None:
        said.append(statement)

    event.listen(archive.engine, "before_cursor_execute", hear)
    yield said
    event.remove(archive.engine, "before_cursor_execute", hear)


def seen(house: House) -> Coverage:
    with house.archive.look(THE_ARCHIVE) as work:
        return coverage(work)


def test_a_small_archive_is_counted_now(house: House) -> None:
    keep(house, 1)
    audit(house)
    keep(house, 2)
    found = seen(house)
    assert (found.copies, found.checked, found.counted_at) == (4, 4, None)
    assert ages(found) == [(30, 4), (60, 0), (90, 0), (0, 0)]


def test_a_large_archive_shows_what_the_last_audit_counted_and_when(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(house, 1)
    house.clock.advance(days=40)
    keep(house, 2)
    audit(house)
    house.clock.advance(days=1)
    live = seen(house)
    keep(house, 3)
    monkeypatch.setattr(figures, "LIVE", 3)
    with statements(house.archive) as said:
        found = seen(house)
    assert not [each for each in said if "FROM copy" in each]
    assert (found.copies, found.checked, ages(found)) == (live.copies, live.checked, ages(live))
    assert found.oldest == live.oldest
    assert [each.states for each in found.roots] == [each.states for each in live.roots]
    assert found.counted_at is not None and house.clock.now() > found.counted_at


def test_the_counting_itself_would_be_noticed(house: House) -> None:
    keep(house, 1)
    with statements(house.archive) as said:
        seen(house)
    assert [each for each in said if "FROM copy" in each]
