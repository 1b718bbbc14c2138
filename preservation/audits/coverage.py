"""How much of the archive was checked within the period: the figures of the fixity page.

Up to `LIVE` copies they are counted when the page is asked for. A larger archive shows what the last audit counted: a
million copies take a second or two, and a page must not take longer the more an archive holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.jobs import Timetable
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.models import Copy, CopyState, StorageRoot
from preservation.watch_models import UNSETTLED, AuditRun, FixitySnapshot, Incident

MOST_COUNTED = 10_000
LIVE = 50_000
THIRDS = 3
BAD = (CopyState.missing, CopyState.changed, CopyState.unreadable, CopyState.extra, CopyState.lost)


@dataclass(frozen=True, slots=True)
class RootCoverage:
    """One root: its copies by state, how many were verified within the period, and when the oldest was.

    `within`: how many were read last within each of `bounds`.
    """

    root: StorageRoot
    states: dict[CopyState, int]
    checked: int
    oldest: datetime | None
    within: tuple[int, ...]

    @property
    def copies(self) -> int:
        """Those that have bytes to check."""
        return sum(count for state, count in self.states.items() if state is not CopyState.owed)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`days`: the period. `open_incidents` stops at `MOST_COUNTED` + 1. `counted_at`: when, if that was not now."""

    days: int
    counted_at: datetime | None
    roots: Sequence[RootCoverage]
    last_run: AuditRun | None
    last_quick: AuditRun | None
    next_run: datetime | None
    open_incidents: int

    @property
    def copies(self) -> int:
        return sum(each.copies for each in self.roots)

    @property
    def checked(self) -> int:
        return sum(each.checked for each in self.roots)

    @property
    def owed(self) -> int:
        return sum(each.states.get(CopyState.owed, 0) for each in self.roots)

    @property
    def oldest(self) -> datetime | None:
        """When the copy that was not checked for longest was verified."""
        return min((each.oldest for each in self.roots if each.oldest), default=None)


def bounds(days: int) -> list[int]:
    """Thirds of the period, in days.

    >>> bounds(90), bounds(1)
    ([30, 60, 90], [1])
    """
    return sorted({max(1, days * third // THIRDS) for third in range(1, THIRDS + 1)})


def coverage(work: Work) -> Coverage:
    """What the fixity page tells. For those who may see fixity."""
    work.allow(Permission.see_fixity)
    kept = _newest_snapshot(work)
    large = sum(row.copies for row in kept.values()) > LIVE
    roots = work.session.scalars(select(StorageRoot).order_by(StorageRoot.role, StorageRoot.id)).all()
    opened = select(Incident.id).where(Incident.state.in_(UNSETTLED)).limit(MOST_COUNTED + 1)
    return Coverage(
        days=work.settings.fixity_days,
        counted_at=min(row.taken_at for row in kept.values()) if large else None,
        roots=[_kept(root, kept.get(root.id)) for root in roots] if large else _counted(work, roots),
        last_run=last_run(work, "fixity"),
        last_quick=last_run(work, "quick"),
        next_run=work.session.scalar(select(Timetable.next_at).where(Timetable.kind == "fixity_run")),
        open_incidents=work.session.scalar(select(func.count()).select_from(opened.subquery())) or 0,
    )


def ages(found: Coverage) -> list[tuple[int, int]]:
    """(days, how many copies were read last within them and not within fewer): thirds of the period; 0 for longer ago."""
    limits = bounds(found.days)
    figures = [sum(root.within[n] for root in found.roots) for n in range(len(limits))] + [found.copies]
    steps = [figure - before for before, figure in zip([0, *figures], figures, strict=False)]
    return list(zip([*limits, 0], steps, strict=True))


def last_run(work: Work, kind: str) -> AuditRun | None:
    newest = select(AuditRun).where(AuditRun.kind == kind).order_by(AuditRun.id.desc()).limit(1)
    return work.session.scalars(newest).first()


def keep_snapshot(archive: Archive) -> None:
    """Today's figures of each root, for the trend and for large archives' page; the last audit of a day wins."""
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        for found in _counted(work, work.session.scalars(select(StorageRoot)).all()):
            row = FixitySnapshot(
                day=vietnam_date(now).isoformat(),
                root_id=found.root.id,
                copies=found.copies,
                checked=found.checked,
                bad=sum(count for state, count in found.states.items() if state in BAD),
                owed=found.states.get(CopyState.owed, 0),
                taken_at=now,
                states={state.value: count for state, count in found.states.items()},
                within=list(found.within),
                oldest=found.oldest,
            )
            work.session.merge(row)


def _newest_snapshot(work: Work) -> dict[str, FixitySnapshot]:
    newest = select(func.max(FixitySnapshot.day)).scalar_subquery()
    rows = work.session.scalars(select(FixitySnapshot).where(FixitySnapshot.day == newest))
    return {row.root_id: row for row in rows}


def _kept(root: StorageRoot, row: FixitySnapshot | None) -> RootCoverage:
    if row is None:  # added since
        return RootCoverage(root, {}, 0, None, (0,) * THIRDS)
    states = {CopyState(state): count for state, count in row.states.items()}
    return RootCoverage(root, states, row.checked, row.oldest, tuple(row.within))


def _counted(work: Work, roots: Sequence[StorageRoot]) -> list[RootCoverage]:
    """Counted now, by the index `ix_copy_coverage` alone without touching a row."""
    now = work.now()
    within = [
        func.sum(case((Copy.verified_at >= now - timedelta(days=days), 1), else_=0))
        for days in bounds(work.settings.fixity_days)
    ]
    columns = (Copy.root_id, Copy.state, func.min(Copy.verified_at), func.count(), *within)
    rows = work.session.execute(select(*columns).group_by(Copy.root_id, Copy.state)).all()
    return [_of_root(root, [row[1:] for row in rows if row[0] == root.id], len(within)) for root in roots]


def _of_root(root: StorageRoot, rows: Sequence[Sequence[Any]], thirds: int) -> RootCoverage:
    """`rows`: state, oldest, count, and how many within each bound."""
    read = [row for row in rows if row[0] is not CopyState.owed]
    return RootCoverage(
        root=root,
        states={state: count for state, _, count, *_ in rows},
        checked=sum(int(row[-1]) for row in rows if row[0] is CopyState.verified),
        oldest=min((oldest for _, oldest, *_ in rows if oldest), default=None),
        within=tuple(sum(int(row[3 + n]) for row in read) for n in range(thirds)),
    )
