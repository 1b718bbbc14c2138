"""`/sips`: submissions are sent, watched and listed here. Deciding on them is done on their pages only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from anyio import CapacityLimiter
from fastapi import APIRouter, Header, Query, Request, Response
from starlette.requests import ClientDisconnect

from archive_service.api.doors import PREFIX, Cursor, Limit, Shown, TheActor, TheArchive, TheLook, language_of
from archive_service.api.pages import ItemList, page_of
from archive_service.api.uploads import (
    MOST_AT_ONCE,
    Pulled,
    container_name,
    in_upload_thread,
    promised_digests,
)
from archive_service.kernel.cursors import make_cursor, read_cursor
from archive_service.kernel.findings import Finding, Severity
from archive_service.kernel.jobs import Job
from archive_service.kernel.permissions import Permission
from archive_service.regulations import Rules
from ingest.accept import visible_sip
from ingest.inbox import Group, Place, Wanted, faults_of, list_sips, own_sips
from ingest.models import Sip, SipFinding, SipState
from ingest.receive import MEDIA_TYPES, receive_sip
from ingest.show import list_findings

router = APIRouter(tags=["sips"])
UPLOADS = CapacityLimiter(MOST_AT_ONCE)
RAW_BODY = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
}


class Received(Shown):
    """`state` as it was when this was answered; the address in `Location` tells it at any time."""

    sip_id: UUID
    state: SipState


class OurFault(Shown):
    """A failure of this archive, tried again by itself. Nothing has to be sent again."""

    incident: str
    attempts: int
    next_try: datetime


class SipShown(Shown):
    id: UUID
    state: SipState
    container_name: str
    media_type: str
    container_size: int
    container_sha256: str
    dossier_code: str
    title: str
    try_number: int
    previous_id: UUID | None
    received_raw: datetime
    received_legal: datetime
    due_at: datetime | None
    checked_at: datetime | None
    errors: int
    warnings: int
    notes: int
    decided_at: datetime | None
    reason: str
    answers_for: str
    dossier_id: UUID | None
    duplicate_of: UUID | None
    our_fault: OurFault | None = None


class FindingShown(Shown):
    """`type` is a URN that stays the same for ever; `sentence` and `remedy` are in the language asked for."""

    number: int
    code: str
    type: str
    severity: Severity
    path: str
    got: str
    expected: str
    clause: str
    sentence: str
    remedy: str


@router.post(
    "/sips",
    status_code=202,
    responses={200: {"model": Received, "description": "These bytes were received before"}},
    openapi_extra={"requestBody": RAW_BODY},
)
async def submit(
    request: Request,
    response: Response,
    archive: TheArchive,
    actor: TheActor,
    content_type: Annotated[str, Header()] = "",
    content_length: Annotated[int | None, Header(ge=0)] = None,
    repr_digest: Annotated[str | None, Header(description="RFC 9530: sha-256 or sha-512")] = None,
    content_disposition: Annotated[str | None, Header(description="the file's name (RFC 6266)")] = None,
) -> Received:
    """Takes one package as the raw body. 202: it will be judged; 200: these very bytes are known already."""
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        receipt = await in_upload_thread(
            UPLOADS,
            receive_sip,
            archive,
            actor,
            Pulled(request.stream()),
            name=container_name(content_disposition, media_type),
            media_type=media_type,
            promised=promised_digests(repr_digest),
            length=content_length,
        )
    except ClientDisconnect:
        # Nobody is there to hear it; what came of the package is gone already.
        response.status_code = 400
        return Received(sip_id=UUID(int=0), state=SipState.received)
    response.status_code = 202 if receipt.new else 200
    response.headers["Location"] = f"{PREFIX}/sips/{receipt.sip_id}"
    return Received.model_validate(receipt)


@router.get("/sips")
def sips(
    archive: TheArchive,
    work: TheLook,
    group: Annotated[Group, Query(description="whose turn it is")] = Group.everything,
    mine: Annotated[bool, Query(description="only what this account sent")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[SipShown]:
    """Newest first. Officers see those in their reach; who only submits sees its own in any case."""
    own = mine or not work.actor.may(Permission.read_sips)
    secret, bound = archive.keys.secret, f"{work.actor.id}/sips/{group}/{own}"
    beyond = None
    if cursor is not None:
        at, last = read_cursor(secret, bound, cursor)
        beyond = Place(datetime.fromisoformat(str(at)), UUID(str(last)))
    wanted = Wanted(group)
    rows = (
        own_sips(work, wanted, beyond=beyond, limit=limit + 1)
        if own
        else list_sips(work, wanted, sort="received", descending=True, beyond=beyond, limit=limit + 1)
    )
    faults = faults_of(work, [row.id for row in rows])
    shown = [_shown(row, faults.get(row.id)) for row in rows]
    return page_of(
        shown, limit, lambda last: make_cursor(secret, bound, [last.received_raw.isoformat(), last.id])
    )


@router.get("/sips/{sip_id}")
def sip(sip_id: UUID, work: TheLook) -> SipShown:
    row = visible_sip(work, sip_id)
    return _shown(row, faults_of(work, [sip_id]).get(sip_id))


def _shown(row: Sip, job: Job | None) -> SipShown:
    shown = SipShown.model_validate(row)
    if job is not None:
        shown.our_fault = OurFault(incident=job.incident, attempts=job.attempts, next_try=job.run_after)
    return shown


@router.get("/sips/{sip_id}/findings")
def findings(
    sip_id: UUID,
    request: Request,
    archive: TheArchive,
    work: TheLook,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> ItemList[FindingShown]:
    """What is not as it must be, in the order in which it was found; `Accept-Language` chooses vi or en."""
    listed = list_findings(work, archive.keys.secret, sip_id, limit=limit, cursor=cursor)
    language: Any = language_of(request)
    return ItemList(items=[told(work.rules, row, language) for row in listed.items], next=listed.next)


def told(rules: Rules, row: SipFinding, language: Literal["vi", "en"]) -> FindingShown:
    finding = Finding(row.code, row.path, row.got, row.expected)
    message, english = rules.message(row.code), language == "en"
    return FindingShown(
        number=row.number,
        code=row.code,
        type=finding.urn,
        severity=row.severity,
        path=row.path,
        got=row.got,
        expected=row.expected,
        clause=message.clause_en if english else message.clause,
        sentence=rules.told(finding, language),
        remedy=message.remedy_en if english else message.remedy_vi,
    )
