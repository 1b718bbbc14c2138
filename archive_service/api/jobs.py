"""`/jobs`: long work and its faults. A job's fault is the archive's, never a package's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from archive_service.accounts.oversight import list_jobs
from archive_service.api.doors import Cursor, Limit, Shown, TheArchive, TheLook
from archive_service.api.pages import ItemList
from archive_service.kernel.jobs import JobState

router = APIRouter(tags=["jobs"])


class JobShown(Shown):
    id: UUID
    kind: str
    subject_id: str | None
    state: JobState
    attempts: int
    run_after: datetime
    fault: str
    incident: str
    created_at: datetime
    finished_at: datetime | None


@router.get("/jobs")
def jobs(
    archive: TheArchive,
    work: TheLook,
    state: JobState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ItemList[JobShown]:
    listed = list_jobs(work, archive.keys.secret, state=state, limit=limit, cursor=cursor)
    return ItemList(items=[JobShown.model_validate(row) for row in listed.items], next=listed.next)
