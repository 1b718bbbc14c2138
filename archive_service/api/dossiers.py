"""`/dossiers` and `/documents`: what is kept. Looking at one is recorded in the log first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from archive_service.api.doors import Cursor, Limit, Shown, TheActor, TheArchive, TheWork
from archive_service.api.downloads import attachment
from archive_service.api.files import FileShown
from archive_service.api.pages import ItemList
from archive_service.kernel.events import Verb
from preservation.access import may_read, visible_document, visible_dossier
from preservation.models import AccessMode, DossierState
from preservation.reading.browse import documents_of, files_of
from preservation.reading.contents import TOTALS, reads_whole
from preservation.reading.dips import prepare, zip_blocks

router = APIRouter(tags=["dossiers"])


class DossierBrief(Shown):
    id: UUID
    code: str
    title: str
    state: DossierState
    access: AccessMode
    fonds_id: UUID
    unit_id: UUID | None
    year: int | None
    start_date: date | None
    end_date: date | None


class DossierShown(DossierBrief):
    """`tags` and the counts are null for whoever may know the dossier but not read all of it."""

    maintenance: str
    regime: str
    accepted_at: datetime
    destroyed_at: datetime | None
    tombstone: dict[str, Any]
    tags: dict[str, Any] | None
    document_count: int | None
    file_count: int | None
    byte_count: int | None


class DocumentBrief(Shown):
    id: UUID
    dossier_id: UUID
    ordinal: int
    type_name: str
    number: str
    issued_raw: str
    organ_name: str
    subject: str
    access: AccessMode


class DocumentShown(DocumentBrief):
    tags: dict[str, Any]
    files: Sequence[FileShown]


@router.get("/dossiers/{dossier_id}")
def dossier(dossier_id: UUID, work: TheWork) -> DossierShown:
    """A destroyed dossier answers with its tombstone, to those in whose reach it was."""
    row = visible_dossier(work, dossier_id)
    work.record(Verb.dossier_read, row)
    shown = DossierShown.model_validate(row)
    if not may_read(work, row, row.access):
        shown.tags = None
    elif not reads_whole(work, row):
        shown.tags = {tag: raw for tag, raw in row.tags.items() if tag not in TOTALS}
    if not reads_whole(work, row):
        shown.document_count = shown.file_count = shown.byte_count = None
    return shown


@router.get("/dossiers/{dossier_id}/documents")
def documents(
    dossier_id: UUID, archive: TheArchive, work: TheWork, limit: Limit = 100, cursor: Cursor = None
) -> ItemList[DocumentBrief]:
    """Mục lục văn bản: what this person may see of it, by ordinal."""
    work.record(Verb.dossier_read, visible_dossier(work, dossier_id))
    listed = documents_of(work, archive.keys.secret, dossier_id, limit=limit, cursor=cursor)
    return ItemList(items=[DocumentBrief.model_validate(row) for row in listed.items], next=listed.next)


@router.get(
    "/dossiers/{dossier_id}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}},
)
def export(dossier_id: UUID, archive: TheArchive, actor: TheActor) -> StreamingResponse:
    """The dossier as a zip with a BagIt 1.0 bag: the submission as it came, and its description."""
    parcel = prepare(archive, actor, dossier_id)
    headers = attachment(f"{parcel.name}.zip")
    return StreamingResponse(zip_blocks(archive, parcel), media_type="application/zip", headers=headers)


@router.get("/documents/{document_id}")
def document(document_id: UUID, work: TheWork) -> DocumentShown:
    row, owner = visible_document(work, document_id)
    work.record(Verb.document_read, row, dossier=owner.id)
    files = [FileShown.model_validate(each) for each in files_of(work, row)]
    brief = DocumentBrief.model_validate(row).model_dump()
    return DocumentShown(**brief, tags=row.tags, files=files)
