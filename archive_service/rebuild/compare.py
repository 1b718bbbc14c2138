"""Two databases, row for row, over every table that a rebuild brings back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, func, select, tuple_
from sqlalchemy.orm import Session

from archive_service.kernel.log import LogHead
from archive_service.kernel.rows import table_of
from archive_service.rebuild.snapshots import models

BATCH = 300
"""Keys in one question: SQLite takes some thousands of parameters."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`column` is "" when the whole row is missing (`new` is None) or too much (`old` is None)."""

    table: str
    key: tuple[Any, ...]
    column: str
    old: Any
    new: Any


def compare(old: Engine, new: Engine) -> Iterator[Difference]:
    """Every difference in the tables kept as `rebuilt`. Entries that the new log added at its end are none."""
    with Session(old) as before, Session(new) as after:
        head = before.scalar(select(func.max(LogHead.number))) or 0
        for name, model in sorted(models().items()):
            if model.kept == "rebuilt":
                table = table_of(model)
                yield from _changed(table, before, after)
                for extra in _absent(table, after, before):
                    if name != "log_entry" or extra[0] <= head:
                        yield Difference(name, extra, "", None, extra)


def _pages(table: Table, session: Session) -> Iterator[dict[tuple[Any, ...], Any]]:
    query = select(*table.columns).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    width = [table.columns.keys().index(key.key) for key in table.primary_key]
    for page in session.execute(query).partitions(BATCH):
        yield {tuple(row[place] for place in width): row for row in page}


def _same_keys(table: Table, session: Session, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
    names = list(table.primary_key)
    query = select(*table.columns).where(tuple_(*names).in_(keys))
    width = [table.columns.keys().index(key.key) for key in names]
    return {tuple(row[place] for place in width): row for row in session.execute(query)}


def _changed(table: Table, before: Session, after: Session) -> Iterator[Difference]:
    for page in _pages(table, before):
        there = _same_keys(table, after, list(page))
        for key, row in page.items():
            if key not in there:
                yield Difference(table.name, key, "", key, None)
                continue
            for column, one, other in zip(table.columns.keys(), row, there[key], strict=True):
                if one != other:
                    yield Difference(table.name, key, column, one, other)


def _absent(table: Table, session: Session, other: Session) -> Iterator[tuple[Any, ...]]:
    for page in _pages(table, session):
        there = _same_keys(table, other, list(page))
        yield from (key for key in page if key not in there)
