"""dừng việc hủy: anyone entitled, at any time, with nothing but a reason."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from retention.destruction.entries import leave, listed_entries
from retention.models import DestructionEntry, DestructionList, EntryState, ListState
from retention.reach import asked, fresh, person

STOPPABLE = (
    ListState.draft,
    ListState.reviewing,
    ListState.awaiting_decision,
    ListState.waiting,
    ListState.executing,
)


def stop_destruction(work: Work, list_id: UUID, reason: str) -> DestructionList:
    """Every entry that has not begun to be erased leaves the list, at once.

    A list of which something was begun stays `executing` until that is finished and certified; any other is `stopped`.
    """
    work.allow(Permission.stop_destruction)
    work.pass_gate()
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.stop_destruction, listed.unit_id, listed.fonds_id)
    if listed.state not in STOPPABLE:
        raise Conflict("Danh mục không còn gì để dừng.", "There is nothing left to stop.", name="wrong-state")
    told = asked(reason, "lý do dừng", "the reason for stopping")
    pairs = [(entry.id, entry.dossier_id) for entry in listed_entries(work, listed)]
    work.move(
        DestructionList,
        list_id,
        of=listed.state,
        to=ListState.executing if _begun(work, listed) else ListState.stopped,
        stopped_by=person(work),
        stopped_at=work.now(),
        stop_reason=told,
    )
    leave(work, pairs, None)
    work.record(Verb.list_stopped, listed, number=listed.number, reason=told, entries=len(pairs))
    work.owe("write_system_objects")
    return fresh(work, listed)


def _begun(work: Work, listed: DestructionList) -> bool:
    query = select(DestructionEntry.id).where(
        DestructionEntry.list_id == listed.id,
        DestructionEntry.state.in_((EntryState.erasing, EntryState.gone)),
    )
    return work.session.execute(query.limit(1)).first() is not None
