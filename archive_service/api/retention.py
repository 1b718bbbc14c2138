"""`/retention`: what is due, what is held, which lists there are. Every act on them is done on its page by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.pages import ItemList
from archive_service.kernel.clock import vietnam_date
from preservation.models import DossierState
from retention.destruction.lists import destruction_lists, list_entries, visible_list
from retention.holds import list_holds
from retention.models import Answer, EntryState, ListState
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


class ListShown(Shown):
    id: UUID
    number: str
    state: ListState
    unit_id: UUID | None
    fonds_id: UUID | None
    explanation: str
    proposed_at: datetime
    reviewed_at: datetime | None
    minutes_number: str
    minutes_date: date | None
    decided_at: datetime | None
    decision_number: str
    entries_digest: str
    not_before: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    stop_reason: str
    certified_at: datetime | None
    certificate_sha256: str


class EntryShown(Shown):
    """`receipts`: place → when it reported that nothing is left, null while it owes that."""

    entry_id: UUID
    dossier_id: UUID
    code: str
    title: str
    reason: str
    answer: Answer
    answer_reason: str
    extend_to: date | None
    state: EntryState
    receipts: Mapping[str, datetime | None]


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


@router.get("/destruction-lists")
def lists(
    archive: TheArchive,
    work: TheLook,
    state: Annotated[list[ListState] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[ListShown]:
    listed = destruction_lists(work, archive, states=state or (), limit=limit, cursor=cursor)
    return ItemList(items=[ListShown.model_validate(row) for row in listed.items], next=listed.next)


@router.get("/destruction-lists/{list_id}")
def one_list(list_id: UUID, work: TheLook) -> ListShown:
    return ListShown.model_validate(visible_list(work, list_id))


@router.get("/destruction-lists/{list_id}/entries")
def entries(
    list_id: UUID, archive: TheArchive, work: TheLook, limit: Limit = 50, cursor: Cursor = None
) -> ItemList[EntryShown]:
    listed = list_entries(work, archive, list_id, limit=limit, cursor=cursor)
    return ItemList(items=[EntryShown.model_validate(row) for row in listed.items], next=listed.next)
