"""Running the archive: the ledger of jobs as people see it, and whether each service answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select, text, update

from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.jobs import Job, JobState, Timetable
from archive_service.kernel.permissions import Permission
from archive_service.kernel.queues import CeleryQueue
from archive_service.work import Archive, Work
from preservation.models import StorageRoot

ORDER = (JobState.stuck, JobState.retrying, JobState.running, JobState.queued)
SLOW_SECONDS = 2.0
CLAMD_SECONDS = 3.0

ServiceState = Literal["online", "slow", "away", "offline", "stopped", "not_configured"]


def list_jobs(work: Work, state: JobState | None = None, limit: int = 200) -> Sequence[Job]:
    """What is open, stuck first, the oldest of each first; or the newest of one state."""
    work.allow(Permission.see_jobs)
    if state is not None:
        newest = select(Job).where(Job.state == state).order_by(Job.created_at.desc(), Job.id)
        return work.session.scalars(newest.limit(limit)).all()
    found: list[Job] = []
    for one in ORDER:
        oldest = select(Job).where(Job.state == one).order_by(Job.created_at, Job.id)
        found += work.session.scalars(oldest.limit(limit - len(found))).all()
    return found


def count_jobs(work: Work, most: int = 10_000) -> dict[JobState, int]:
    """Open jobs by state; `most` + 1 stands for more."""
    work.allow(Permission.see_jobs)
    return {state: _count(work, state, most) for state in ORDER}


def _count(work: Work, state: JobState, most: int) -> int:
    some = select(Job.id).where(Job.state == state).limit(most + 1).subquery()
    return work.session.execute(select(func.count()).select_from(some)).scalar_one()


def timetables(work: Work) -> Sequence[Timetable]:
    work.allow(Permission.see_jobs)
    return work.session.scalars(select(Timetable).order_by(Timetable.next_at)).all()


def run_again(work: Work, job_id: UUID) -> None:
    """Lets a job that failed run now. Safe twice: a job that runs or is done stays as it is (`Conflict`)."""
    work.allow(Permission.see_jobs)
    job: Job = work.get(Job, job_id)
    failed = (Job.id == job.id, Job.state.in_((JobState.stuck, JobState.retrying)))
    changed = update(Job).where(*failed).values(state=JobState.queued, run_after=work.now()).returning(Job.id)
    if work.session.execute(changed).one_or_none() is None:
        raise Conflict(
            "Tác vụ này không còn bị kẹt: đang chạy, chờ chạy hoặc đã xong.",
            "This job is not stuck any more: it runs, waits or is done.",
        )
    work.new_jobs.append(job.id)
    work.record_of(Verb.job_run_again, "job", job.id, job=job.kind)


@dataclass(frozen=True, slots=True)
class Service:
    """`name` is a key for words: database, staging, root, search, queue, malware. `detail` holds no secret."""

    name: str
    state: ServiceState
    detail: str = ""
    since: datetime | None = None


def services(archive: Archive, work: Work) -> list[Service]:
    """Asks each service now; roots as the last minute's check noted them."""
    work.allow(Permission.see_settings)
    settings = archive.settings
    roots = work.session.scalars(select(StorageRoot).order_by(StorageRoot.id)).all()
    return [
        _asked("database", archive.engine.dialect.name, lambda: _ask_database(archive)),
        *(_root(row) for row in roots),
        _asked("staging", archive.staging.describe(), archive.staging.probe),
        _asked("search", _place(settings.search), lambda: archive.index.probe()),
        _queue(archive),
        _malware(settings.malware),
    ]


def _root(row: StorageRoot) -> Service:
    states: dict[str, ServiceState] = {"online": "online", "away": "away", "offline": "offline"}
    return Service("root", states.get(row.state, "stopped"), row.id, row.since)


def _ask_database(archive: Archive) -> None:
    with archive.engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _asked(name: str, detail: str, ask: Callable[[], object]) -> Service:
    begun = time.monotonic()
    try:
        ask()
    except Exception:  # whatever its client raises, it means one thing here: no answer
        return Service(name, "away", detail)
    return Service(name, "slow" if time.monotonic() - begun > SLOW_SECONDS else "online", detail)


def _queue(archive: Archive) -> Service:
    queue = archive.queue
    if isinstance(queue, CeleryQueue):
        return _asked("queue", _place(archive.settings.queue), queue.ping)
    return Service("queue", "online", "in-process")


def _malware(url: str) -> Service:
    """Not set up is told as such: files then count as not scanned, never as clean."""
    return (
        Service("malware", "not_configured")
        if url == "none"
        else _asked("malware", _place(url), lambda: _ping(url))
    )


def _ping(url: str) -> None:
    address = urlsplit(url)
    with socket.create_connection(
        (address.hostname or "", address.port or 3310), CLAMD_SECONDS
    ) as connection:
        connection.settimeout(CLAMD_SECONDS)
        connection.sendall(b"zPING\0")
        if not connection.recv(16).startswith(b"PONG"):
            raise ConnectionError(url)


def _place(url: str) -> str:
    """An address without its user name and password."""
    address = urlsplit(url)
    return f"{address.scheme}://{address.hostname}:{address.port}" if address.hostname else url
