"""Lists for those who run and audit the archive: jobs, people, the log. None shows content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import false, select

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.log import LogDetail, LogEntry
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.work import Work


def list_jobs(
    work: Work, secret: bytes, *, state: JobState | None = None, limit: int = 50, cursor: str | None = None
) -> Listed[Job]:
    """The newest first."""
    work.allow(Permission.see_jobs)
    bound = f"{work.actor.id}/jobs/{state or ''}"
    query = select(Job).order_by(Job.id.desc()).limit(limit_of(limit) + 1)
    if state is not None:
        query = query.where(Job.state == state)
    if cursor is not None:
        query = query.where(Job.id < UUID(str(read_cursor(secret, bound, cursor)[0])))
    rows = work.session.scalars(query).all()
    onward = make_cursor(secret, bound, [rows[limit - 1].id]) if len(rows) > limit else None
    return Listed(rows[:limit], onward)


def list_people(work: Work, secret: bytes, *, limit: int = 50, cursor: str | None = None) -> Listed[Person]:
    """Accounts by user name, locked ones included: past acts name them."""
    work.allow(Permission.manage_people)
    bound = f"{work.actor.id}/people"
    query = select(Person).order_by(Person.username).limit(limit_of(limit) + 1)
    if cursor is not None:
        query = query.where(Person.username > str(read_cursor(secret, bound, cursor)[0]))
    rows = work.session.scalars(query).all()
    onward = make_cursor(secret, bound, [rows[limit - 1].username]) if len(rows) > limit else None
    return Listed(rows[:limit], onward)


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry of the log. `body` is the very text that was hashed; `detail` is None where it was erased."""

    number: int
    digest: str
    body: str
    detail: str | None


def list_log(
    work: Work,
    secret: bytes,
    *,
    verb: str | None = None,
    subject: str | None = None,
    person: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Listed[LogRow]:
    """The newest first; each filter by its column's index."""
    work.allow(Permission.read_log)
    bound = f"{work.actor.id}/log/{verb}/{subject}/{person}"
    query = select(LogEntry, LogDetail.detail).outerjoin(LogDetail, LogDetail.number == LogEntry.number)
    wanted = ((LogEntry.verb, verb), (LogEntry.subject_id, subject), (LogEntry.actor_id, person))
    for column, value in wanted:
        if value is not None:
            # PostgreSQL takes no NUL, and no entry has one.
            query = query.where(false() if "\0" in str(value) else column == value)
    if cursor is not None:
        query = query.where(LogEntry.number < int(str(read_cursor(secret, bound, cursor)[0])))
    found = work.session.execute(query.order_by(LogEntry.number.desc()).limit(limit_of(limit) + 1)).all()
    rows: Sequence[LogRow] = [
        LogRow(entry.number, entry.digest, entry.body.decode(), detail) for entry, detail in found
    ]
    onward = make_cursor(secret, bound, [rows[limit - 1].number]) if len(rows) > limit else None
    return Listed(rows[:limit], onward)
