"""Schedulers know of one another: two do no harm, but nobody should start a second one unawares."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.work import Archive
from preservation.models import Lease

log = logging.getLogger(__name__)
PREFIX = "scheduler "
ALIVE = timedelta(minutes=1)
"""One that died is named for as long."""
BEAT_SECONDS = 20.0


@contextmanager
def announced(archive: Archive) -> Iterator[tuple[str, ...]]:
    """This process as a scheduler while the block lasts; yields what others call themselves, and warns of them."""
    mine = f"{PREFIX}{socket.gethostname()[:24]} {os.getpid()} {str(new_id())[-6:]}"
    others = _noted(archive, mine)
    if others:
        told = ", ".join(others)
        log.warning("another scheduler runs, or ended less than a minute ago: %s; two do no harm", told)
    stop = threading.Event()

    def beating() -> None:
        while not stop.wait(BEAT_SECONDS):
            _noted(archive, mine)

    thread = threading.Thread(target=beating, name="scheduler", daemon=True)
    thread.start()
    try:
        yield others
    finally:
        stop.set()
        thread.join()
        with suppress(SQLAlchemyError), archive.work(THE_ARCHIVE) as work:
            work.session.execute(delete(Lease).where(Lease.name == mine))


def _noted(archive: Archive, mine: str) -> tuple[str, ...]:
    """As `_note`; a database that is away now keeps no scheduler from starting."""
    try:
        return _note(archive, mine)
    except SQLAlchemyError:
        log.exception("the scheduler could not be noted; it is tried again")
        return ()


def _note(archive: Archive, mine: str) -> tuple[str, ...]:
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        work.session.merge(Lease(name=mine, until=now + ALIVE))
        ended = (Lease.name.startswith(PREFIX)) & (Lease.until <= now)
        work.session.execute(delete(Lease).where(ended))
        theirs = select(Lease.name).where(Lease.name.startswith(PREFIX), Lease.name != mine)
        return tuple(name.removeprefix(PREFIX) for name in work.session.scalars(theirs.order_by(Lease.name)))
