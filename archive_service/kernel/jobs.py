"""The ledger of long work. The row is the truth, the queue is a nudge.

A message may be lost or repeated: a claim is a compare-and-set that raises the job's fence, and whoever lost the lease
cannot commit (`Archive.work` compares the fence in the same transaction). A sweep nudges what was dropped.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive_service.kernel.db import Base, Kept, enum_of, new_id

LEASE = timedelta(seconds=90)
LONGEST_PAUSE = timedelta(hours=1)
SLACK = timedelta(minutes=10)
"""How far the clocks of several machines may differ. Times further ahead were written while a clock ran ahead."""
STUCK_AFTER = 8
"""Attempts after which a person should look; the tries go on, an hour apart at most."""


class JobState(StrEnum):
    queued = "queued"
    running = "running"
    retrying = "retrying"
    stuck = "stuck"
    done = "done"


OPEN = (JobState.queued, JobState.retrying, JobState.stuck)


class Job(Base, kw_only=True):
    __tablename__ = "job"
    __table_args__ = (Index("ix_job_due", "state", "run_after"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(60))
    args: Mapped[list[Any]] = mapped_column(default_factory=list)
    subject_id: Mapped[str | None] = mapped_column(String(80), index=True, default=None)
    """What the job is about: its page shows our fault beside the state."""
    state: Mapped[JobState] = mapped_column(enum_of(JobState), default=JobState.queued)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    run_after: Mapped[datetime]
    fault: Mapped[str] = mapped_column(Text, default="")
    incident: Mapped[str] = mapped_column(String(20), default="")
    progress: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class Timetable(Base, kw_only=True):
    """When repeated work is due. One entry, `tick`, serves Celery beat and the in-process worker."""

    __tablename__ = "timetable"
    kept: ClassVar[Kept] = "operational"
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    every_seconds: Mapped[int]
    next_at: Mapped[datetime]


class JobQueue(Protocol):
    """Carries ids to whoever works. It may lose or repeat them; it must not invent any."""

    def nudge(self, job_id: UUID) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Claim:
    job_id: UUID
    kind: str
    args: tuple[Any, ...]
    fence: int


current_claim: ContextVar[Claim | None] = ContextVar("current_claim", default=None)


class LeaseLost(Exception):
    """Another worker has the job now: this one must stop and leave no trace."""


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Also what a clock that ran ahead put off for years: it would else wait until that time has come."""
    failed = Job.state.in_((JobState.retrying, JobState.stuck))
    return or_(
        Job.state.in_(OPEN) & (Job.run_after <= now),
        (Job.state == JobState.queued) & (Job.created_at > now + SLACK),
        failed & (Job.run_after > now + LONGEST_PAUSE + SLACK),
        (Job.state == JobState.running) & (Job.lease_until < now),
        (Job.state == JobState.running) & (Job.lease_until > now + LEASE + SLACK),
    )


def claim(session: Session, job_id: UUID, now: datetime) -> Claim | None:
    """Takes the job if it is due and nobody holds it; None if somebody else was faster."""
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, _is_due(now))
        .values(
            state=JobState.running, fence=Job.fence + 1, attempts=Job.attempts + 1, lease_until=now + LEASE
        )
        .returning(Job.kind, Job.args, Job.fence)
    ).one_or_none()
    return None if row is None else Claim(job_id, row.kind, tuple(row.args), row.fence)


def held(session: Session, claim: Claim) -> bool:
    """Whether the claim still holds; locks the row so that it stays so until the transaction ends."""
    row = session.execute(
        select(Job.fence).where(Job.id == claim.job_id, Job.state == JobState.running).with_for_update()
    ).scalar_one_or_none()
    return row == claim.fence


def heartbeat(session: Session, claim: Claim, now: datetime) -> bool:
    return _settle(session, claim, lease_until=now + LEASE)


def finish(session: Session, claim: Claim, now: datetime) -> bool:
    return _settle(
        session, claim, state=JobState.done, finished_at=now, lease_until=None, fault="", incident=""
    )


def fail(session: Session, claim: Claim, now: datetime, fault: str) -> str:
    """Notes our fault and the next try; returns the incident number that pages show."""
    attempts = session.execute(select(Job.attempts).where(Job.id == claim.job_id)).scalar_one()
    incident = f"{secrets.token_hex(2)}-{secrets.token_hex(1)}".upper()
    state = JobState.stuck if attempts >= STUCK_AFTER else JobState.retrying
    pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(attempts, 12) * 2))
    _settle(
        session,
        claim,
        state=state,
        run_after=now + pause,
        lease_until=None,
        fault=fault[:4000],
        incident=incident,
    )
    return incident


def _settle(session: Session, claim: Claim, **values: Any) -> bool:
    mine = (Job.id == claim.job_id, Job.fence == claim.fence, Job.state == JobState.running)
    result = session.execute(update(Job).where(*mine).values(**values).returning(Job.id))
    return result.one_or_none() is not None


def due(session: Session, now: datetime, limit: int = 200) -> list[UUID]:
    """Jobs that should be running and are not: the sweep nudges them again."""
    return list(session.scalars(select(Job.id).where(_is_due(now)).order_by(Job.run_after).limit(limit)))


def due_timetables(session: Session, now: datetime) -> Iterator[str]:
    """Kinds whose time has come, each moved on by compare-and-set: two schedulers do not double them.

    A time further ahead than a whole period was written while the clock ran ahead: an audit must not stop for it.
    """
    for kind, every, at in session.execute(
        select(Timetable.kind, Timetable.every_seconds, Timetable.next_at).order_by(
            Timetable.kind
        )  # two schedulers lock the rows in one order: no deadlock
    ).all():
        if now < at <= now + timedelta(seconds=every) + SLACK:
            continue
        moved = update(Timetable).where(Timetable.kind == kind, Timetable.next_at == at)
        following = moved.values(next_at=now + timedelta(seconds=every)).returning(Timetable.kind)
        if session.execute(following).one_or_none():
            yield kind
