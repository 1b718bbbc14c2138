"""`/log`: the audit log. `body` is the text that was hashed, so that a client can follow the chain by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from archive_service.accounts.oversight import list_log
from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.pages import ItemList

router = APIRouter(tags=["log"])


class EntryShown(Shown):
    """`digest` is the SHA-256 of `body` (RFC 8785 JSON); `detail` is null where it was erased."""

    number: int
    digest: str
    body: str
    detail: str | None


@router.get("/log")
def log(
    archive: TheArchive,
    work: TheLook,
    verb: Annotated[str | None, Query(max_length=60)] = None,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    person: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[EntryShown]:
    """The newest first."""
    listed = list_log(
        work, archive.keys.secret, verb=verb, subject=subject, person=person, limit=limit, cursor=cursor
    )
    return ItemList(items=[EntryShown.model_validate(row) for row in listed.items], next=listed.next)
