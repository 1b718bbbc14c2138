"""The archive's own hands in the demo: every job that is due, two at a time, with a progress bar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from sqlalchemy import select

from archive_service.demo.telling import Teller
from archive_service.kernel import jobs
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from archive_service.worker import run_job


class JobFailed(Exception):
    """A job of the demo did not do its work; nobody would see it between progress bars."""


def work_off(archive: Archive, teller: Teller, vi: str, en: str) -> None:
    """Does what is due, and what follows from it, until nothing is left. Raises `JobFailed`."""
    with teller.bar(vi, en) as bar, ThreadPoolExecutor(archive.settings.workers) as hands:
        while waiting := _due(archive):
            bar.expect(len(waiting))
            for _ in hands.map(partial(run_job, archive), waiting):
                bar.advance()
    with archive.look(THE_ARCHIVE) as work:
        failed = work.session.scalars(select(jobs.Job).where(jobs.Job.fault != "")).first()
    if failed is not None:
        raise JobFailed(f"{failed.kind} {failed.args}: {failed.fault}")


def _due(archive: Archive) -> list[UUID]:
    with archive.look(THE_ARCHIVE) as work:
        return jobs.due(work.session, work.now())
