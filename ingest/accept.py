"""The officer's decision, and what follows from a yes: the AIP.

Lists of what waits, and the acts: accept, return for completion, refuse for good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.kernel.errors import Conflict, Missing, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.findings import Severity
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from ingest.ask_container import ask_look
from ingest.models import Sip, SipFile, SipFinding, SipState
from ingest.process import StagingDamaged, fetch, limits, scratch
from ingest.unpack import bag_root, unpack
from preservation.aips.build import Intake, IntakeFile
from preservation.aips.store import enter_aip, store_aip
from preservation.description import DocumentDescription, DossierDescription
from preservation.models import AccessMode

SHORTEST_REASON, LONGEST_REASON = 10, 2000


def accept_sip(
    work: Work, sip_id: UUID, *, seen: Collection[int] = (), access: AccessMode | None = None, version: int
) -> UUID:
    """Accepts the package; returns the id that its dossier will have. `seen`: numbers of the warnings acknowledged.

    `access` maps unknown and missing modes, of the dossier and of its documents.
    Raises `Conflict` (changed meanwhile, findings), `NotPossible` (warning not seen).
    """
    sip = _decidable(work, sip_id, version)
    if sip.errors:
        raise Conflict(
            "Gói có lỗi phải sửa nên chưa tiếp nhận được. Đề nghị trả lại có lý do.",
            "The package has errors and cannot be accepted. Return it with a reason.",
            name="has-errors",
        )
    warnings = set(_numbers(work, sip_id, Severity.warning))
    if missing := sorted(warnings - set(seen)):
        raise NotPossible(
            f"Còn {len(missing)} cảnh báo chưa xem.",
            f"{len(missing)} warnings were not acknowledged.",
            name="warnings-unseen",
        )
    dossier_id = new_id()
    known = work.rules.access_known(sip.description.get("tags", {}).get("Rights"))
    mapped = (access or AccessMode.closed).value
    values = {"access": sip.access if known else mapped, "unknown_access": mapped}
    _decide(work, sip, SipState.accepted, dossier_id=dossier_id, **values)
    work.record(Verb.sip_accepted, sip, dossier=dossier_id, seen=sorted(seen), answers_for=work.actor.name)
    work.later("store_sip", sip_id)
    return dossier_id


def return_sip(work: Work, sip_id: UUID, *, reason: str, answers_for: str = "", version: int) -> None:
    """Back to the producer for completion; a better try is welcome."""
    _send_back(work, sip_id, SipState.returned, Verb.sip_returned, reason, answers_for, version)


def refuse_sip(work: Work, sip_id: UUID, *, reason: str, answers_for: str = "", version: int) -> None:
    """No, for good (QĐ 15/2016 Sóc Trăng, Điều 4.1c; QĐ 30/2020 Ninh Thuận, Điều 5.4)."""
    _send_back(work, sip_id, SipState.refused, Verb.sip_refused, reason, answers_for, version)


def _send_back(
    work: Work, sip_id: UUID, state: SipState, verb: Verb, reason: str, answers_for: str, version: int
) -> None:
    sip = _decidable(work, sip_id, version)
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise NotPossible(
            f"Nhập lý do, từ {SHORTEST_REASON} đến {LONGEST_REASON} ký tự.",
            f"Enter the reason, {SHORTEST_REASON} to {LONGEST_REASON} characters.",
            name="reason-needed",
        )
    named = answers_for.strip() or work.actor.name
    _decide(work, sip, state, reason=reason, answers_for=named)
    work.record(verb, sip, reason=reason, answers_for=named)
    work.later("erase_staged", sip_id)


def assign_sip(work: Work, sip_id: UUID, person_id: UUID) -> None:
    """Gives the package to an officer who may decide on it."""
    sip = visible_sip(work, sip_id)
    work.allow_on(Permission.read_sips, sip.unit_id, sip.fonds_id)
    sip.assigned_to = work.get(Person, person_id).id
    work.record(Verb.sip_assigned, sip, to=person_id)


def hand_over_sips(work: Work, person_id: UUID, successor_id: UUID) -> int:
    """Open packages of somebody who leaves go to the successor; how many."""
    open_states = (SipState.received, SipState.checking, SipState.awaiting_decision)
    moved = work.session.scalars(
        update(Sip)
        .where(Sip.assigned_to == person_id, Sip.state.in_(open_states))
        .values(assigned_to=successor_id)
        .returning(Sip.id)
    ).all()
    work.record_of(Verb.work_handed_over, "person", person_id, successor=successor_id, sips=len(moved))
    return len(moved)


def visible_sip(work: Work, sip_id: UUID) -> Sip:
    """For officers of its unit or fonds, and for the account that sent it; `Missing` for everybody else."""
    sip = work.session.get(Sip, sip_id)
    if sip is None:
        raise Missing
    own = sip.submitted_by is not None and sip.submitted_by == work.actor.id
    if own and work.actor.may(Permission.read_own_sips):
        return sip
    if not work.actor.may(Permission.read_sips) or not _in_reach(work, sip):
        raise Missing
    return sip


def _in_reach(work: Work, sip: Sip) -> bool:
    """A package whose owner is not known yet is seen by officers of the whole archive only."""
    return work.scope(Permission.read_sips).holds(sip.unit_id, sip.fonds_id)


def _decidable(work: Work, sip_id: UUID, version: int) -> Sip:
    sip = visible_sip(work, sip_id)
    work.allow_on(Permission.decide_sips, sip.unit_id, sip.fonds_id)
    if sip.submitted_by == work.actor.id:
        raise Conflict(
            "Người giao nộp không tự tiếp nhận gói của mình.",
            "Whoever submitted a package does not decide on it.",
            name="own-submission",
        )
    if sip.row_version != version or sip.state is not SipState.awaiting_decision:
        by = f" ({sip.decider.name})" if sip.decider else ""
        raise Conflict(
            f"Gói này vừa được xử lý{by}. Đề nghị tải lại trang.",
            f"This package was just dealt with{by}. Load the page again.",
            name="decided-meanwhile",
        )
    return sip


def _decide(work: Work, sip: Sip, state: SipState, **values: Any) -> None:
    work.move(
        Sip,
        sip.id,
        of=SipState.awaiting_decision,
        to=state,
        decided_by=work.actor.id,
        decided_at=work.now(),
        row_version=sip.row_version + 1,
        **values,
    )


def _numbers(work: Work, sip_id: UUID, severity: Severity) -> Sequence[int]:
    return work.session.scalars(
        select(SipFinding.number).where(SipFinding.sip_id == sip_id, SipFinding.severity == severity)
    ).all()


def store_sip(archive: Archive, sip_id: str) -> None:
    """Job: makes the accepted package an AIP. Bytes first, rows second; interrupted anywhere, it starts over."""
    with archive.look(THE_ARCHIVE) as work:
        sip: Sip = work.get(Sip, UUID(sip_id))
        if sip.state is not SipState.accepted:
            return
        intake = _intake(work, sip)
    with scratch(archive) as folder:
        container = fetch(archive, sip, folder)
        faults = unpack(container, sip.media_type, folder / "bag", limits(archive), ask_look(archive.sandbox))
        if faults:
            raise StagingDamaged(f"{sip.staged_key}: {faults[0].code}")
        stored = store_aip(archive, intake, bag_root(folder / "bag"), Path(folder))
        with archive.work(THE_ARCHIVE) as work:
            dossier = enter_aip(work, stored)
            # What was learned lies in the AIP now; a second place of it could outlive a destruction.
            work.move(Sip, sip.id, of=SipState.accepted, to=SipState.stored, description={})
            work.session.execute(delete(SipFile).where(SipFile.sip_id == sip.id))
            work.record(Verb.dossier_stored, dossier, sip=sip.id, copies=list(stored.proven))
            work.later("erase_staged", sip.id)
            work.owe("assess_owed")


def _intake(work: Work, sip: Sip) -> Intake:
    files = work.session.scalars(select(SipFile).where(SipFile.sip_id == sip.id).order_by(SipFile.number))
    # A column of the row says what the law knew at acceptance: a repeated build gives the same bytes.
    if sip.dossier_id is None or sip.agency_id is None or sip.fonds_id is None or sip.decided_at is None:
        raise RuntimeError(f"accepted without a place: {sip.id}")
    return Intake(
        dossier_id=sip.dossier_id,
        agency_id=sip.agency_id,
        unit_id=sip.unit_id,
        fonds_id=sip.fonds_id,
        regime=sip.regime,
        access=AccessMode(sip.access),
        unknown_access=AccessMode(sip.unknown_access),
        description=described(sip.description),
        files=tuple(_file(each) for each in files),
        accepted_at=sip.decided_at,
        submission={
            "sip_id": str(sip.id),
            "try": sip.try_number,
            "container": sip.container_name,
            "media_type": sip.media_type,
            "size": sip.container_size,
            "sha256": sip.container_sha256,
            "content": sip.content_digest,
            "received_raw": sip.received_raw.isoformat(),
            "received_legal": sip.received_legal.isoformat(),
            "submitted_by": str(sip.submitted_by or ""),
            "accepted_by": str(sip.decided_by or ""),
        },
    )


def _file(row: SipFile) -> IntakeFile:
    return IntakeFile(
        path=row.path,
        size=row.size,
        sha256=row.sha256,
        sha512=row.sha512,
        puid=row.puid,
        format_name=row.format_name,
        mime=row.mime,
        pages=row.pages,
        malware=row.malware,
        signatures=tuple(row.signatures),
    )


def described(plain: dict[str, Any]) -> DossierDescription:
    """The inverse of `process.plain`."""
    documents = (DocumentDescription(d["tags"], tuple(d["files"])) for d in plain["documents"])
    return DossierDescription(plain["tags"], tuple(documents))
