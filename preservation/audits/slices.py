"""Which copies an audit takes: the oldest over all roots, and enough each night that none waits beyond the period."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive, Work
from preservation.models import Copy, CopyState
from preservation.watch_models import AuditRun, FixitySnapshot

KIND = "fixity"
SPARE = 0.8
"""A round is planned to end in this part of the period: nights fall out."""
NIGHT = timedelta(hours=20)
"""Runs since then are of the same night."""


@dataclass(frozen=True, slots=True)
class Due:
    dossier_id: UUID
    root_id: str
    next_check: datetime


def due_copies(archive: Archive, most: int, early: bool, skip: Collection[str]) -> list[Due]:
    """The oldest over all roots, each root's by its index; owed copies have nothing to read yet.

    Beside those whose time has come, tonight's share of those that were not read for half the period: a million
    copies that were stored in one week are not all read in one week again.
    """
    with archive.look(THE_ARCHIVE) as work:
        now = work.now()
        share = most if early else tonights_share(work)
        horizon = now + timedelta(days=archive.settings.fixity_days) / 2 if share else now
        roots = [root.id for root in archive.settings.storage if root.id not in skip]
        found = (_due_in(work, root_id, most, None if early else horizon) for root_id in roots)
        oldest = islice(heapq.merge(*found, key=lambda each: each.next_check), most)
        return [each for place, each in enumerate(oldest) if place < share or each.next_check <= now]


def _due_in(work: Work, root_id: str, most: int, horizon: datetime | None) -> Iterator[Due]:
    query = (
        select(Copy.dossier_id, Copy.root_id, Copy.next_check)
        .where(Copy.root_id == root_id, Copy.state != CopyState.owed)
        .order_by(Copy.next_check, Copy.dossier_id)
        .limit(most)
    )
    if horizon is not None:
        query = query.where(Copy.next_check <= horizon)
    return (Due(*row) for row in work.session.execute(query))


def tonights_share(work: Work) -> int:
    """How many copies are still to be read tonight so that the round ends in time."""
    night = math.ceil(_copies(work) / (work.settings.fixity_days * SPARE))
    tonight = select(func.sum(AuditRun.checked)).where(
        AuditRun.kind == KIND, AuditRun.started_at > work.now() - NIGHT
    )
    return max(0, night - (work.session.scalar(tonight) or 0))


def _copies(work: Work) -> int:
    """From the newest snapshot, since counting a million rows takes a while; without one, counted."""
    newest = select(func.max(FixitySnapshot.day)).scalar_subquery()
    counted = work.session.scalar(select(func.sum(FixitySnapshot.copies)).where(FixitySnapshot.day == newest))
    if counted is None:
        owing = Copy.state != CopyState.owed
        counted = work.session.scalar(select(func.count()).select_from(Copy).where(owing))
    return int(counted or 0)
