"""Work that only one process may do at a time: two writers of one system object would part the roots for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.models import Lease


@contextmanager
def alone(archive: Archive, name: str, most: timedelta = timedelta(hours=1)) -> Iterator[bool]:
    """Yields True when nobody else has `name`; a holder that died gives it back after `most`."""
    until = _take(archive, name, most)
    try:
        yield until is not None
    finally:
        if until is not None:
            with archive.work(THE_ARCHIVE) as work:
                work.session.execute(delete(Lease).where(Lease.name == name, Lease.until == until))


def _take(archive: Archive, name: str, most: timedelta) -> datetime | None:
    with archive.work(THE_ARCHIVE) as work:
        now, until = work.now(), work.now() + most
        insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
        new = insert(Lease).values(name=name, until=until).on_conflict_do_nothing().returning(Lease.name)
        if work.session.execute(new).first():
            return until
        ended = update(Lease).where(Lease.name == name, Lease.until <= now).values(until=until)
        return until if work.session.execute(ended.returning(Lease.name)).first() else None
