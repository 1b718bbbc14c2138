"""Retention's own rows in and out of the system objects, and the two people who unlock destruction after a rebuild.

Every `rebuilt` table comes back row for row: a hold that a rebuild forgot would be a destroyed record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel import rows
from archive_service.kernel.db import Base
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import ArchiveState, archive_state
from archive_service.work import Work
from preservation.models import ErasureReceipt
from retention.assess import reckon_dossiers
from retention.models import Assessment, DestructionEntry, DestructionList, Hold, ListState
from retention.reach import fresh, person

#: In the order in which foreign keys let them in; people, units, fonds and dossiers come before all of them.
KEPT: dict[str, type[Base]] = {
    "hold": Hold,
    "destruction_list": DestructionList,
    "destruction_entry": DestructionEntry,
    "erasure_receipt": ErasureReceipt,
    "assessment": Assessment,
}


def export_rows(session: Session, table: str) -> Iterator[rows.Plain]:
    """The rows of one of `KEPT` as plain JSON values, by primary key; streamed, memory stays flat."""
    return rows.export_rows(session, KEPT[table])


def restore(work: Work, description: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Rebuild's call: table name → rows, read before the transaction. Tables that are not retention's are left."""
    for table in KEPT:
        rows.restore_rows(work.session, KEPT[table], description.get(table, ()))


def restore_assessments(work: Work, dossier_ids: Sequence[UUID]) -> None:
    """The terms that had been computed: the same facts under the same rules give the same rows. At most 500 ids."""
    for dossier_id, term in reckon_dossiers(work.session, work.rules, dossier_ids).items():
        steps = [list(step) for step in term.steps]
        work.session.add(
            Assessment(
                dossier_id=dossier_id, kind=term.kind, years=term.years, ends_on=term.ends_on, steps=steps
            )
        )


def restart_executions(work: Work) -> None:
    """Queues the lists that were being executed; they wait until destruction is released."""
    under_way = (ListState.executing, ListState.copies_owed)
    lists = select(DestructionList.id).where(DestructionList.state.in_(under_way))
    for list_id in work.session.scalars(lists).all():
        work.later("execute_destruction", list_id)


def release_destruction(work: Work) -> ArchiveState:
    """Unlocks destruction after a rebuild when a second person says so. Raises `Conflict` for the same person twice."""
    work.allow(Permission.release_destruction)
    work.pass_gate()
    state, acting = archive_state(work.session), str(person(work))
    if not state.destruction_locked:
        raise Conflict("Việc hủy không bị khóa.", "Destruction is not locked.", name="not-locked")
    if acting in state.destruction_released_by:
        raise Conflict(
            "Ông/Bà đã mở khóa. Cần thêm một người khác.",
            "You have released it. Another person must do so too.",
            name="second-person-needed",
        )
    state.destruction_released_by = [*state.destruction_released_by, acting]
    state.destruction_locked = len(state.destruction_released_by) < 2
    work.record(Verb.destruction_released, state, still_locked=state.destruction_locked)
    return fresh(work, state)
