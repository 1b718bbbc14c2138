"""Submissions against dossiers, jobs and the containers that wait in staging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import OPEN, Job, JobState
from archive_service.work import Archive, Work
from ingest.models import ENDED, Sip, SipState
from preservation.invariants.breach import PAGE, SETTLED, Breach, living_pages
from preservation.models import Dossier

#: The job that a submission in this state waits for.
WAITS_FOR = {
    SipState.received: "process_sip",
    SipState.checking: "process_sip",
    SipState.accepted: "store_sip",
}


def submissions_lead_somewhere(archive: Archive) -> Iterator[Breach]:
    """A stored one to its dossier, one under way to its job and its container in staging."""
    for page in _pages(archive):
        with archive.look(THE_ARCHIVE) as work:
            found = [breach for sip in page for breach in _judge(work, sip)]
        yield from found
        for sip in page:
            yield from _staged(archive, sip)


def _pages(archive: Archive) -> Iterator[Sequence[Sip]]:
    after = UUID(int=0)
    while True:
        with archive.look(THE_ARCHIVE) as work:
            page = work.session.scalars(select(Sip).where(Sip.id > after).order_by(Sip.id).limit(PAGE)).all()
        if not page:
            return
        yield page
        after = page[-1].id


def _judge(work: Work, sip: Sip) -> Iterator[Breach]:
    """As the row is now: it may have moved on since its page was read."""
    now: Sip = work.session.get_one(Sip, sip.id)
    if now.state is SipState.stored:
        if now.dossier_id is None or work.session.get(Dossier, now.dossier_id) is None:
            yield Breach("sip-without-dossier", str(sip.id), str(now.dossier_id or ""))
    elif now.state in WAITS_FOR and now.received_raw < work.now() - SETTLED:
        kind = WAITS_FOR[now.state]
        waiting = select(Job.id).where(
            Job.kind == kind, Job.subject_id == str(sip.id), Job.state.in_((*OPEN, JobState.running))
        )
        if work.session.scalars(waiting.limit(1)).first() is None:
            yield Breach("sip-without-job", str(sip.id), now.state.value, kind)


def _staged(archive: Archive, sip: Sip) -> Iterator[Breach]:
    """Its container lies in staging, as large as it came. Its digest is compared when it is read."""
    if sip.state in ENDED or not sip.staged_key:
        return
    there = archive.staging.stat(sip.staged_key)
    if there is not None and there.size == sip.container_size:
        return
    with archive.look(THE_ARCHIVE) as work:
        now = work.session.get_one(Sip, sip.id)
    if now.state not in ENDED and now.staged_key:
        found = "" if there is None else str(there.size)
        yield Breach("container-missing", str(sip.id), found, str(sip.container_size))


def dossiers_come_from_one_submission(archive: Archive) -> Iterator[Breach]:
    """The submission that a dossier names says so itself, and names this dossier. A rebuilt catalogue has no such row."""
    for page in living_pages(archive):
        named = {_uuid(dossier.submission.get("sip_id")): dossier.id for dossier in page}
        with archive.look(THE_ARCHIVE) as work:
            rows = work.session.execute(
                select(Sip.id, Sip.state, Sip.dossier_id).where(Sip.id.in_([key for key in named if key]))
            ).all()
        for sip_id, state, dossier_id in rows:
            if state is not SipState.stored or dossier_id != named[sip_id]:
                told = f"{state.value} {dossier_id or ''}".strip()
                yield Breach("sip-not-stored", str(sip_id), told, f"stored {named[sip_id]}")


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
