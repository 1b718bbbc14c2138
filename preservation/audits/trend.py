"""What the fixity page draws: the nights gone by, the canaries, and when the round will end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from preservation.audits.coverage import Coverage
from preservation.watch_models import AuditRun, CanaryCheck, FixitySnapshot

NIGHTS = 90
PACE_DAYS = 7
"""How many days of audits a forecast goes by."""


@dataclass(frozen=True, slots=True)
class Night:
    day: str
    copies: int
    checked: int
    bad: int
    owed: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """The canaries over all roots: the fewest `reported` in one root, and the longest ago that one was walked."""

    known: int
    reported: int
    at: datetime
    trouble: str

    @property
    def alive(self) -> bool:
        return not self.trouble and self.reported == self.known > 0


def nights(work: Work) -> list[Night]:
    """The newest snapshots summed over the roots, oldest first."""
    work.allow(Permission.see_fixity)
    sums = (
        func.sum(column)
        for column in (
            FixitySnapshot.copies,
            FixitySnapshot.checked,
            FixitySnapshot.bad,
            FixitySnapshot.owed,
        )
    )
    query = select(FixitySnapshot.day, *sums).group_by(FixitySnapshot.day)
    rows = work.session.execute(query.order_by(FixitySnapshot.day.desc()).limit(NIGHTS)).all()
    return [Night(day, *map(int, figures)) for day, *figures in reversed(rows)]


def alarm(work: Work) -> Alarm | None:
    """None before the first audit."""
    work.allow(Permission.see_fixity)
    ours = [root.id for root in work.settings.storage]
    rows = work.session.scalars(select(CanaryCheck).where(CanaryCheck.root_id.in_(ours))).all()
    if not rows:
        return None
    trouble = "; ".join(f"{row.root_id}: {row.trouble}" for row in rows if row.trouble)
    worst = min(rows, key=lambda row: row.reported)
    return Alarm(worst.known, worst.reported, min(row.checked_at for row in rows), trouble)


def round_ends(work: Work, found: Coverage) -> datetime | None:
    """When every copy will have been read within the period: by the pace of late; None when nothing is being read.

    All were: the day by which the one that was read longest ago must be read again.
    """
    waiting = found.copies - found.checked
    if waiting <= 0:
        return found.oldest + timedelta(days=found.days) if found.oldest else None
    since = work.now() - timedelta(days=PACE_DAYS)
    read = work.session.scalar(
        select(func.sum(AuditRun.checked)).where(AuditRun.kind == "fixity", AuditRun.started_at > since)
    )
    return work.now() + timedelta(days=PACE_DAYS * waiting / read) if read else None
