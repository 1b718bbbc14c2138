"""Who reads or writes a copy: audit, repair, amendment, replication and destruction take the same lease of it.

A lease is short and renewed while its holder lives, so that a dead one's ends by itself. `lease_by` is the fence: whoever
came back from a long stop finds the row in other hands and settles nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.kernel.errors import TryLater
from archive_service.work import Archive, Work
from preservation.models import Copy

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
"""How long a holder that died keeps others from its copy."""
BEAT_SECONDS = 30.0
PATIENCE_SECONDS = 3.0
"""A small copy is read within it; for a large one the writer comes again later."""


def claim_copy(
    archive: Archive, dossier_id: UUID, root_id: str, *, seen: datetime | None = None
) -> UUID | None:
    """Takes the copy by compare-and-set; None when somebody else has it or it is gone. Renewed by `beating` only.

    With `seen`, its `next_check` as it was when the copy was chosen: also None when somebody has read it since.
    """
    with archive.work(THE_ARCHIVE) as work:
        now, lease = work.now(), new_id()
        free = or_(Copy.lease_until.is_(None), Copy.lease_until <= now)
        mine = update(Copy).where(Copy.dossier_id == dossier_id, Copy.root_id == root_id, free)
        if seen is not None:
            mine = mine.where(Copy.next_check == seen)
        held = mine.values(lease_by=lease, lease_until=now + LEASE).returning(Copy.root_id)
        return lease if work.session.execute(held).first() else None


@contextmanager
def beating(archive: Archive, dossier_id: UUID, root_id: str, lease: UUID) -> Iterator[None]:
    """Renews the lease every `BEAT_SECONDS` until the block ends."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                with archive.work(THE_ARCHIVE) as work:
                    mine = Copy.dossier_id == dossier_id, Copy.root_id == root_id, Copy.lease_by == lease
                    work.session.execute(update(Copy).where(*mine).values(lease_until=work.now() + LEASE))
            except SQLAlchemyError:  # the database restarts: the next beat may reach it in time
                log.exception("lease of %s in %s not renewed", dossier_id, root_id)

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def holding(archive: Archive, dossier_id: UUID, root_id: str) -> Iterator[None]:
    """A writer's hold on a copy, for as long as the block takes; raises `TryLater` when others have it still."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (lease := claim_copy(archive, dossier_id, root_id)) is None:
        if time.monotonic() > end:
            raise TryLater(
                f"Bản trên kho {root_id} đang được ghi hoặc kiểm tra.",
                f"The copy in root {root_id} is being written or read.",
                name="copy-busy",
            )
        time.sleep(0.1)
    try:
        with beating(archive, dossier_id, root_id, lease):
            yield
    finally:
        give_back(archive, dossier_id, root_id, lease)


def give_back(archive: Archive, dossier_id: UUID, root_id: str, lease: UUID) -> None:
    with archive.work(THE_ARCHIVE) as work:
        copy = held_copy(work, dossier_id, root_id, lease)
        if copy is not None:
            copy.lease_until = copy.lease_by = None


def held_copy(work: Work, dossier_id: UUID, root_id: str, lease: UUID) -> Copy | None:
    """The row, locked, if this lease still has it."""
    return work.session.scalars(
        select(Copy)
        .where(Copy.dossier_id == dossier_id, Copy.root_id == root_id, Copy.lease_by == lease)
        .with_for_update()
    ).one_or_none()
