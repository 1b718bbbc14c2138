"""`/retention`: what is due and what is held. No act stands here: those are done on their pages by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.pages import ItemList
from archive_service.kernel.clock import vietnam_date
from preservation.models import DossierState
from retention.holds import list_holds
from retention.schedule import due_dossiers

router = APIRouter(prefix="/retention", tags=["retention"])


class HoldShown(Shown):
    """Holds a dossier, or all dossiers of a unit or fonds, narrowed by words of the title."""

    id: UUID
    order_number: str
    order_date: date
    reason: str
    dossier_id: UUID | None
    unit_id: UUID | None
    fonds_id: UUID | None
    title_words: str
    review_on: date | None
    placed_at: datetime
    lifted_at: datetime | None


class DueShown(Shown):
    """`steps` tells how the day was computed."""

    dossier_id: UUID
    code: str
    title: str
    unit_id: UUID | None
    fonds_id: UUID
    state: DossierState
    years: int | None
    ends_on: date
    steps: Sequence[Any]
    holds: Sequence[HoldShown]


@router.get("/due")
def due(
    archive: TheArchive,
    work: TheLook,
    before: Annotated[
        date | None, Query(description="terms that end before this day; today without it")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[DueShown]:
    """The longest overdue first."""
    day = before or vietnam_date(work.now())
    listed = due_dossiers(work, archive, day, limit=limit, cursor=cursor)
    return ItemList(items=[DueShown.model_validate(row) for row in listed.items], next=listed.next)


@router.get("/holds")
def holds(
    archive: TheArchive, work: TheLook, lifted: bool = False, limit: Limit = 50, cursor: Cursor = None
) -> ItemList[HoldShown]:
    listed = list_holds(work, archive, lifted=lifted, limit=limit, cursor=cursor)
    return ItemList(items=[HoldShown.model_validate(row) for row in listed.items], next=listed.next)
