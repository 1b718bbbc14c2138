"""One submission as its page shows it: what was found, what is in it, what changed since the try before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.findings import Finding
from archive_service.kernel.jobs import Job
from archive_service.kernel.people import Person
from archive_service.work import Work
from ingest.accept import visible_sip
from ingest.inbox import faults_of
from ingest.models import Sip, SipFile, SipFinding
from preservation.models import Copy, CopyState

SHOWN_FINDINGS = 5_000


@dataclass(frozen=True, slots=True)
class Since:
    """Findings of this try against those of the try before: mended, left, new."""

    before: Sip
    mended: int
    left: int
    new: int


@dataclass(frozen=True, slots=True)
class Examined:
    sip: Sip
    findings: Sequence[SipFinding]
    files: Sequence[SipFile]
    fault: Job | None
    since: Since | None
    later: Sip | None
    """The next try, once there is one."""
    handler: Person | None
    copies: tuple[int, int]
    """Proven copies of the stored dossier, and how many there are to be."""


def examined(work: Work, sip_id: UUID) -> Examined:
    """Raises `Missing` for whoever may not see the submission."""
    sip = visible_sip(work, sip_id)
    return Examined(
        sip=sip,
        findings=findings_of(work, sip.id),
        files=files_of(work, sip.id),
        fault=faults_of(work, [sip.id]).get(sip.id),
        since=_since(work, sip),
        later=work.session.scalars(select(Sip).where(Sip.previous_id == sip.id).limit(1)).first(),
        handler=work.session.get(Person, sip.assigned_to) if sip.assigned_to else None,
        copies=_copies(work, sip),
    )


def findings_of(work: Work, sip_id: UUID) -> Sequence[SipFinding]:
    wanted = select(SipFinding).where(SipFinding.sip_id == sip_id).order_by(SipFinding.number)
    return work.session.scalars(wanted.limit(SHOWN_FINDINGS)).all()


def files_of(work: Work, sip_id: UUID) -> Sequence[SipFile]:
    """What the checks learned of each file; empty once the dossier is stored, whose own pages show it then."""
    wanted = select(SipFile).where(SipFile.sip_id == sip_id).order_by(SipFile.number)
    return work.session.scalars(wanted).all()


def as_finding(row: SipFinding) -> Finding:
    return Finding(row.code, row.path, row.got, row.expected)


def _since(work: Work, sip: Sip) -> Since | None:
    before = work.session.get(Sip, sip.previous_id) if sip.previous_id else None
    if before is None or sip.checked_at is None:
        return None
    then, now = _places(work, before.id), _places(work, sip.id)
    return Since(before, len(then - now), len(then & now), len(now - then))


def _places(work: Work, sip_id: UUID) -> set[tuple[Any, Any]]:
    rows = work.session.execute(select(SipFinding.code, SipFinding.path).where(SipFinding.sip_id == sip_id))
    return {(code, path) for code, path in rows}


def _copies(work: Work, sip: Sip) -> tuple[int, int]:
    if sip.dossier_id is None:
        return 0, work.settings.required_copies
    states = work.session.scalars(select(Copy.state).where(Copy.dossier_id == sip.dossier_id)).all()
    return sum(state is CopyState.verified for state in states), max(
        len(states), work.settings.required_copies
    )
