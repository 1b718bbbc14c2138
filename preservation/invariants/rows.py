"""The catalogue against itself, the ledger of jobs, and the log against its anchors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from archive_service.kernel import log
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import Base
from archive_service.kernel.jobs import OPEN, Job, JobState
from archive_service.work import Archive, Work
from preservation.aips.build import SUBMISSION
from preservation.invariants.breach import PAGE, SETTLED, Breach, dossier_pages
from preservation.models import Document, Dossier, DossierState, ErasureReceipt, FileObject
from preservation.roots.markers import anchors_outside

PAYLOAD = f"{SUBMISSION}data/"
"""What a dossier counts as its files: the payload, not the bag's own manifests."""


def counts_agree(archive: Archive) -> Iterator[Breach]:
    """What a dossier says of its documents and files, against their rows; a tombstone has none and has its receipts."""
    for page in dossier_pages(archive, select(Dossier)):
        keys = [dossier.id for dossier in page]
        with archive.look(THE_ARCHIVE) as work:
            now = {d.id: d for d in work.session.scalars(select(Dossier).where(Dossier.id.in_(keys)))}
            documents = _counted(work, Document.dossier_id, keys)
            files = _counted(work, FileObject.dossier_id, keys, FileObject.path.startswith(PAYLOAD))
            receipts = _counted(work, ErasureReceipt.dossier_id, keys)
        for dossier in now.values():
            key, gone = dossier.id, dossier.state is DossierState.destroyed
            held = (documents.get(key, 0), files.get(key, 0))
            wanted = (0, 0) if gone else (dossier.document_count, dossier.file_count)
            if held != wanted:
                code = "tombstone-with-rows" if gone else "counts-differ"
                yield Breach(code, str(key), "{} + {}".format(*held), "{} + {}".format(*wanted))
            if gone and not receipts.get(key):
                yield Breach("tombstone-without-receipts", str(key))
            if not gone and receipts.get(key):
                yield Breach("receipt-without-tombstone", str(key), dossier.state.value, "destroyed")


def _counted(work: Work, column: Any, keys: Sequence[UUID], *where: ColumnElement[bool]) -> dict[UUID, int]:
    query = select(column, func.count()).where(column.in_(keys), *where).group_by(column)
    rows = work.session.execute(query)
    return {row[0]: row[1] for row in rows}


def open_jobs(archive: Archive) -> Iterator[Sequence[Job]]:
    """Jobs that are not done and should have run an hour ago."""
    before, after = archive.clock.now() - SETTLED, UUID(int=0)
    states = (*OPEN, JobState.running)
    while True:
        with archive.look(THE_ARCHIVE) as work:
            late = select(Job).where(Job.state.in_(states), Job.run_after < before, Job.id > after)
            page = work.session.scalars(late.order_by(Job.id).limit(PAGE)).all()
        if not page:
            return
        yield page
        after = page[-1].id


def jobs_have_their_subjects(
    archive: Archive, subjects: Mapping[str, type[Base]], kinds: Collection[str]
) -> Iterator[Breach]:
    """Every late job: of a kind that somebody does, about something that is there, and not stuck or forgotten."""
    for page in open_jobs(archive):
        with archive.look(THE_ARCHIVE) as work:
            now = work.now()
            for job in page:
                told = f"{job.id} {job.kind}"
                if job.kind not in kinds:
                    yield Breach("job-kind-unknown", told)
                elif job.kind in subjects and _gone(work, subjects[job.kind], job.subject_id or ""):
                    yield Breach("job-without-subject", told, job.subject_id or "")
                elif job.state is JobState.stuck:
                    yield Breach("job-stuck", told, job.fault.splitlines()[0] if job.fault else "")
                elif job.state is JobState.queued or (job.lease_until and job.lease_until < now - SETTLED):
                    yield Breach("job-not-run", told, job.run_after.isoformat())


def _gone(work: Work, model: type[Base], key: str) -> bool:
    try:
        row: Any = work.session.get(model, UUID(key))
    except ValueError:
        return True
    return row is None or (isinstance(row, Dossier) and row.state is DossierState.destroyed)


def log_is_whole(archive: Archive) -> Iterator[Breach]:
    """The chain, its details, its columns and its head, and the anchors that lie outside the database."""
    anchors = anchors_outside(archive)
    with archive.look(THE_ARCHIVE) as work:
        head = work.session.get_one(log.LogHead, 1)
        last = work.session.get(log.LogEntry, head.number) if head.number else None
        if head.number and (last is None or last.digest != head.digest):
            yield Breach("log-head", str(head.number), last.digest if last else "", head.digest)
        faults = log.verify(log.lines_from(work.session), anchors, archive.keys.public)
        for fault in faults:
            yield Breach(f"log-{fault.code}", str(fault.number))
        yield from (
            Breach(f"log-{f.code}", str(f.number)) for f in islice(log.index_faults(work.session), 1_000)
        )
