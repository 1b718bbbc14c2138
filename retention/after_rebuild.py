"""Retention's own rows in and out of the system objects, and the two people who unlock destruction after a rebuild.

Every `rebuilt` table comes back row for row: a hold that a rebuild forgot would be a destroyed record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.db import Base, UtcInstant
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import ArchiveState, archive_state
from archive_service.work import Work
from preservation.models import ErasureReceipt
from retention.models import Assessment, DestructionEntry, DestructionList, Hold
from retention.reach import fresh, person

#: In the order in which foreign keys let them in; people, units, fonds and dossiers come before all of them.
KEPT: dict[str, type[Base]] = {
    "hold": Hold,
    "destruction_list": DestructionList,
    "destruction_entry": DestructionEntry,
    "erasure_receipt": ErasureReceipt,
    "assessment": Assessment,
}
BATCH = 1_000
Plain = dict[str, Any]


def export_rows(session: Session, table: str) -> Iterator[Plain]:
    """The rows of one of `KEPT` as plain JSON values, by primary key; streamed, memory stays flat."""
    columns = KEPT[table].__table__.columns
    keys = KEPT[table].__table__.primary_key
    query = select(*columns).order_by(*keys).execution_options(yield_per=BATCH)
    for row in session.execute(query):
        yield {column.key: _plain(value) for column, value in zip(columns, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def restore_rows(work: Work, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Puts rows of `export_rows` back, unchanged; returns how many. KeyError for a column that is not there."""
    columns, number = KEPT[table].__table__.columns, 0
    for row in rows:
        values = {name: _typed(columns[name], value) for name, value in row.items()}
        work.session.add(KEPT[table](**values))
        number += 1
        if number % BATCH == 0:
            work.session.flush()
            work.session.expunge_all()
    work.session.flush()
    return number


def _typed(column: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcInstant):
        return datetime.fromisoformat(value)
    kind = column.type.python_type
    if kind is date:
        return date.fromisoformat(value)
    return kind(value) if kind is UUID or issubclass(kind, Enum) else value


def restore(work: Work, description: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Rebuild's call: table name → rows, read before the transaction. Tables that are not retention's are left."""
    for table in KEPT:
        restore_rows(work, table, description.get(table, ()))


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
