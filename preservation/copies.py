"""Who reads or repairs a copy: two workers never have the same one at the same time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive, Work
from preservation.models import Copy

LEASE = timedelta(hours=6)
"""Longer than the largest copy takes to read; a worker that died holds its one copy back for so long."""


def claim_copy(
    archive: Archive, dossier_id: UUID, root_id: str, *, seen: datetime | None = None
) -> datetime | None:
    """Takes the copy by compare-and-set; None when somebody else has it or it is gone.

    With `seen`, its `next_check` as it was when the copy was chosen: also None when somebody has read it since.
    """
    with archive.work(THE_ARCHIVE) as work:
        now, lease = work.now(), work.now() + LEASE
        free = or_(Copy.lease_until.is_(None), Copy.lease_until <= now)
        mine = update(Copy).where(Copy.dossier_id == dossier_id, Copy.root_id == root_id, free)
        if seen is not None:
            mine = mine.where(Copy.next_check == seen)
        taken = work.session.execute(mine.values(lease_until=lease).returning(Copy.root_id)).first()
        return lease if taken else None


def give_back(archive: Archive, dossier_id: UUID, root_id: str, lease: datetime) -> None:
    with archive.work(THE_ARCHIVE) as work:
        copy = held_copy(work, dossier_id, root_id, lease)
        if copy is not None:
            copy.lease_until = None


def held_copy(work: Work, dossier_id: UUID, root_id: str, lease: datetime) -> Copy | None:
    """The row, locked, if this lease still has it."""
    return work.session.scalars(
        select(Copy)
        .where(Copy.dossier_id == dossier_id, Copy.root_id == root_id, Copy.lease_until == lease)
        .with_for_update()
    ).one_or_none()
