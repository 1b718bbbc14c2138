"""How much of the archive was checked within the period: the figures of the fixity page.

One count over `copy`, grouped, answered by the index `ix_copy_coverage` alone without touching a row: about a second for
a million copies. When that is too much, a nightly snapshot takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.jobs import Timetable
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.models import Copy, CopyState, StorageRoot
from preservation.watch_models import UNSETTLED, AuditRun, FixitySnapshot, Incident

MOST_COUNTED = 10_000
BAD = (CopyState.missing, CopyState.changed, CopyState.unreadable, CopyState.extra, CopyState.lost)


@dataclass(frozen=True, slots=True)
class RootCoverage:
    """One root: its copies by state, how many were verified within the period, and when the oldest was."""

    root: StorageRoot
    states: dict[CopyState, int]
    checked: int
    oldest: datetime | None

    @property
    def copies(self) -> int:
        """Those that have bytes to check."""
        return sum(count for state, count in self.states.items() if state is not CopyState.owed)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`days`: the period. `open_incidents` stops at `MOST_COUNTED` + 1."""

    days: int
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


def coverage(work: Work) -> Coverage:
    """What the fixity page tells. For those who may see fixity."""
    work.allow(Permission.see_fixity)
    days = work.settings.fixity_days
    since = work.now() - timedelta(days=days)
    groups = _groups(work, since)
    roots = work.session.scalars(select(StorageRoot).order_by(StorageRoot.role, StorageRoot.id)).all()
    opened = select(Incident.id).where(Incident.state.in_(UNSETTLED)).limit(MOST_COUNTED + 1)
    return Coverage(
        days=days,
        roots=[_root(root, groups) for root in roots],
        last_run=last_run(work, "fixity"),
        last_quick=last_run(work, "quick"),
        next_run=work.session.scalar(select(Timetable.next_at).where(Timetable.kind == "fixity_run")),
        open_incidents=work.session.scalar(select(func.count()).select_from(opened.subquery())) or 0,
    )


def last_run(work: Work, kind: str) -> AuditRun | None:
    newest = select(AuditRun).where(AuditRun.kind == kind).order_by(AuditRun.id.desc()).limit(1)
    return work.session.scalars(newest).first()


def keep_snapshot(archive: Archive) -> None:
    """Today's figures of each root, for the trend; the last audit of a day wins."""
    with archive.work(THE_ARCHIVE) as work:
        day = vietnam_date(work.now()).isoformat()
        groups = _groups(work, work.now() - timedelta(days=work.settings.fixity_days))
        for root in work.session.scalars(select(StorageRoot)):
            found = _root(root, groups)
            bad = sum(count for state, count in found.states.items() if state in BAD)
            row = FixitySnapshot(
                day=day,
                root_id=root.id,
                copies=found.copies,
                checked=found.checked,
                bad=bad,
                owed=found.states.get(CopyState.owed, 0),
            )
            work.session.merge(row)


_Group = tuple[str, CopyState, int, int, datetime | None]


def _groups(work: Work, since: datetime) -> list[_Group]:
    fresh = func.sum(case((Copy.verified_at >= since, 1), else_=0))
    columns = (Copy.root_id, Copy.state, func.count(), fresh, func.min(Copy.verified_at))
    rows = work.session.execute(select(*columns).group_by(Copy.root_id, Copy.state))
    return [(root, state, count, int(checked), oldest) for root, state, count, checked, oldest in rows]


def _root(root: StorageRoot, groups: list[_Group]) -> RootCoverage:
    own = [group for group in groups if group[0] == root.id]
    return RootCoverage(
        root=root,
        states={state: count for _, state, count, _, _ in own},
        checked=sum(checked for _, state, _, checked, _ in own if state is CopyState.verified),
        oldest=min((oldest for *_, oldest in own if oldest), default=None),
    )
