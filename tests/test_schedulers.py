"""A second scheduler is named when it starts, by both that come after, and forgotten when it has ended."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.schedulers import PREFIX, announced
from archive_service.worker import start_in_process
from preservation.models import Lease
from tests.archives import House


def noted(house: House) -> list[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Lease.name).where(Lease.name.startswith(PREFIX))))


def test_the_second_is_told_of_the_first(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with announced(house.archive) as first, caplog.at_level(logging.WARNING):
        assert first == () and caplog.text == ""
        (name,) = noted(house)
        end = start_in_process(house.archive)
        try:
            assert name.removeprefix(PREFIX) in caplog.text and len(noted(house)) == 2
        finally:
            end()
        assert noted(house) == [name]
    assert noted(house) == []


def test_one_that_died_is_named_for_a_minute(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(Lease(name=f"{PREFIX}may-cu 12 abc", until=work.now()))
    with announced(house.archive) as others:
        assert others == ()
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(Lease(name=f"{PREFIX}may-cu 13 abc", until=work.now().replace(year=2099)))
    with announced(house.archive) as others:
        assert others == ("may-cu 13 abc",)
    assert "a minute ago: may-cu 13 abc; two do no harm" in caplog.text
