"""`/incidents`: damaged, missing and extra files, changed verdicts, stopped audits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.pages import ItemList
from preservation.incidents.register import list_incidents, visible_incident
from preservation.watch_models import IncidentState

router = APIRouter(prefix="/incidents", tags=["incidents"])


class IncidentShown(Shown):
    id: UUID
    kind: str
    state: IncidentState
    dossier_id: UUID | None
    root_id: str
    path: str
    found: str
    expected: str
    opened_at: datetime
    closed_at: datetime | None
    remark: str


@router.get("")
def incidents(
    archive: TheArchive,
    work: TheLook,
    state: IncidentState | None = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[IncidentShown]:
    """The newest first. `overdue`: only those of which a body should have been told by now."""
    listed = list_incidents(work, archive, state=state, overdue=overdue, limit=limit, cursor=cursor)
    return ItemList(items=[IncidentShown.model_validate(row) for row in listed.items], next=listed.next)


@router.get("/{incident_id}")
def incident(incident_id: UUID, work: TheLook) -> IncidentShown:
    return IncidentShown.model_validate(visible_incident(work, incident_id))
