"""Rows of a table as plain JSON values and back, unchanged: how catalogue rows travel through storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, inspect, select, update
from sqlalchemy.orm import Session

from archive_service.kernel.db import Base, UtcInstant

Plain = dict[str, Any]
BATCH = 1_000


def table_of(model: type[Base]) -> Table:
    table = inspect(model).local_table
    if not isinstance(table, Table):
        raise TypeError(model.__name__)
    return table


def export_rows(session: Session, model: type[Base], *where: ColumnElement[bool]) -> Iterator[Plain]:
    """The rows by primary key, streamed: memory stays flat."""
    table = table_of(model)
    query = select(*table.columns).where(*where).order_by(*table.primary_key)
    for row in session.execute(query.execution_options(yield_per=BATCH)):
        yield {column.key: _plain(value) for column, value in zip(table.columns, row, strict=True)}


def restore_rows(session: Session, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> int:
    """Puts rows of `export_rows` back; returns how many. KeyError for a column that is not there.

    Columns that point into the same table are filled when all rows are in: a predecessor may follow its successor.
    """
    table, number = table_of(model), 0
    inner = [c.key for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
    pointing: list[Plain] = []
    for row in rows:
        values = {name: _typed(table.columns[name], value) for name, value in row.items()}
        if any(values.get(name) is not None for name in inner):
            own = {key.key: values[key.key] for key in table.primary_key}
            pointing.append(own | {name: values[name] for name in inner})
            values |= dict.fromkeys(inner)
        session.add(model(**values))
        number += 1
        if number % BATCH == 0:
            session.flush()
            session.expunge_all()
    session.flush()
    session.expunge_all()
    for each in pointing:
        own_row = [key == each[key.key] for key in table.primary_key]
        session.execute(update(table).where(*own_row).values({name: each[name] for name in inner}))
    return number


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _typed(column: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcInstant):
        return datetime.fromisoformat(value)
    kind = column.type.python_type
    if kind is date:
        return date.fromisoformat(value)
    if kind is UUID:
        return UUID(value)
    enum = getattr(column.type, "enum_class", None)
    return enum(value) if enum else value
