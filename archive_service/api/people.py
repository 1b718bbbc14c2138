"""`/people`: accounts, read only. Adding, granting and locking are done on their pages, with a password."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from archive_service.accounts.oversight import list_people
from archive_service.api.doors import Cursor, Limit, Shown, TheActor, TheArchive, TheLook
from archive_service.api.pages import ItemList
from archive_service.kernel.people import AccountState, PersonKind
from archive_service.kernel.permissions import Role

router = APIRouter(tags=["people"])


class PersonShown(Shown):
    id: UUID
    username: str
    name: str
    kind: PersonKind
    unit_id: UUID | None
    state: AccountState
    successor_id: UUID | None
    created_at: datetime


class GrantShown(Shown):
    """A role over a unit and all below it, over a fonds, or over everything when neither is named."""

    role: Role
    unit_id: UUID | None
    fonds_id: UUID | None


class Myself(Shown):
    id: UUID | None
    username: str
    name: str
    unit_id: UUID | None
    grants: Sequence[GrantShown]


@router.get("/me")
def me(actor: TheActor) -> Myself:
    """For whom this token acts, and what that person may do now."""
    return Myself.model_validate(actor)


@router.get("/people")
def people(
    archive: TheArchive, work: TheLook, limit: Limit = 50, cursor: Cursor = None
) -> ItemList[PersonShown]:
    listed = list_people(work, archive.keys.secret, limit=limit, cursor=cursor)
    return ItemList(items=[PersonShown.model_validate(row) for row in listed.items], next=listed.next)
