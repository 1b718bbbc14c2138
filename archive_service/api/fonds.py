"""`/fonds`: browsing by fonds, then year or inventory, then dossier."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.dossiers import DossierBrief
from archive_service.api.pages import ItemList
from preservation.reading.browse import dossiers_of, fonds_list, years_of

router = APIRouter(prefix="/fonds", tags=["fonds"])


class FondsShown(Shown):
    id: UUID
    agency_id: UUID
    organ_id: str
    name: str
    is_closed: bool


class YearShown(Shown):
    """`year` is null where dossiers have none; `dossiers` counts those that this person may see."""

    year: int | None
    dossiers: int


@router.get("")
def fonds(work: TheLook) -> ItemList[FondsShown]:
    """Those in which this person may see at least one dossier."""
    return ItemList(items=[FondsShown.model_validate(row) for row in fonds_list(work)], next=None)


@router.get("/{fonds_id}/years")
def years(fonds_id: UUID, work: TheLook) -> ItemList[YearShown]:
    return ItemList(items=[YearShown(year=y, dossiers=n) for y, n in years_of(work, fonds_id)], next=None)


@router.get("/{fonds_id}/dossiers")
def dossiers(
    fonds_id: UUID,
    archive: TheArchive,
    work: TheLook,
    year: Annotated[int | None, Query(description="without it: dossiers without a year")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[DossierBrief]:
    """In Vietnamese order of their titles."""
    listed = dossiers_of(work, archive.keys.secret, fonds_id, year, limit=limit, cursor=cursor)
    return ItemList(items=[DossierBrief.model_validate(row) for row in listed.items], next=listed.next)
