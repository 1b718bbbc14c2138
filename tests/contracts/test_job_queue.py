"""What both queues promise: a job that was committed is done, once, and a message may be lost or repeated.

One suite for the threads of this process and for a real Celery worker on a real Redis.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from archive_service.initialise import initialise
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.queues import CeleryQueue
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import start_in_process, tick
from tests.services.process import free_port

KIND = "sweep_staging"
BACKENDS = ("in-process", "celery")
PATIENCE = 60


@pytest.fixture(scope="module", params=BACKENDS)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive whose jobs are done by the backend's own worker; nothing but nudges starts them."""
    data = tmp_path_factory.mktemp("queue")
    queue = "in-process" if request.param == "in-process" else request.getfixturevalue("redis_url")
    archive = Archive(Settings(data=data, queue=queue))
    initialise(archive)
    working = in_process(archive) if queue == "in-process" else celery_worker(data, queue)
    with working:
        yield archive
    archive.close()


@contextmanager
def in_process(archive: Archive) -> Iterator[None]:
    end = start_in_process(archive, every_seconds=3600)
    yield
    end()


@contextmanager
def celery_worker(data: Path, queue: str) -> Iterator[None]:
    """`archive worker` in a process of its own, as it is run for real."""
    environment = {**os.environ, "ARCHIVE_DATA": str(data), "ARCHIVE_QUEUE": queue}
    with (data / "worker.log").open("wb") as out:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "archive", "worker"],
            env=environment,
            cwd=data,
            stdout=out,
            stderr=out,
        )
    try:
        yield
        assert process.poll() is None, (data / "worker.log").read_text()
    finally:
        process.terminate()
        process.wait(timeout=30)


def queued(archive: Archive) -> UUID:
    with archive.work(THE_ARCHIVE) as work:
        return work.later(KIND)


def settled(archive: Archive, job_id: UUID) -> Job:
    """The job once it is done, or as it is when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with archive.look(THE_ARCHIVE) as work:
            job = work.session.get_one(Job, job_id)
        if job.state is JobState.done or time.monotonic() > deadline:
            return job
        time.sleep(0.1)


def test_a_job_that_was_committed_is_done(archive: Archive) -> None:
    assert settled(archive, queued(archive)).state is JobState.done


def test_repeated_messages_do_it_once(archive: Archive) -> None:
    job_id = queued(archive)
    for _ in range(5):
        archive.queue.nudge(job_id)
    settled(archive, job_id)
    settled(archive, queued(archive))  # by now the repeated messages were met, too
    assert settled(archive, job_id).attempts == 1


def test_a_message_that_was_lost_is_sent_again_by_the_sweep(archive: Archive) -> None:
    with archive.work(THE_ARCHIVE) as work:
        job_id = work.later(KIND)
        work.new_jobs.clear()  # committed, and the message never sent
    tick(archive)
    assert settled(archive, job_id).state is JobState.done


def test_a_rollback_takes_the_job_back(archive: Archive) -> None:
    with pytest.raises(KeyError), archive.work(THE_ARCHIVE) as work:
        job_id = work.later(KIND)
        raise KeyError
    with archive.look(THE_ARCHIVE) as work:
        assert work.session.get(Job, job_id) is None


def test_a_job_that_fails_carries_our_fault_and_its_next_try(archive: Archive) -> None:
    with archive.work(THE_ARCHIVE) as work:
        job_id = work.later("index_dossier", "no-uuid")
    deadline = time.monotonic() + PATIENCE
    job = None
    while (job is None or not job.fault) and time.monotonic() < deadline:
        time.sleep(0.1)
        with archive.look(THE_ARCHIVE) as work:
            job = work.session.get_one(Job, job_id)
    assert job is not None and job.state is JobState.retrying
    assert job.incident and job.run_after > job.created_at


def test_a_broker_that_is_away_loses_nothing(tmp_path: Path) -> None:
    archive = Archive(Settings(data=tmp_path, queue=f"redis://127.0.0.1:{free_port()}/0"))
    initialise(archive)
    begun = time.monotonic()
    job_id = queued(archive)
    assert time.monotonic() - begun < 3, "whoever asked for the job waits meanwhile"
    with archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Job, job_id).state is JobState.queued
    assert isinstance(archive.queue, CeleryQueue)
    with pytest.raises(TryLater):
        archive.queue.ping()
    archive.close()
