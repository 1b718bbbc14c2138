"""The database: one engine, one set of conventions, the same on SQLite (WAL) and PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, TypeVar, cast
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, Engine, Enum, MetaData, Table, create_engine, event, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7

E = TypeVar("E", bound=StrEnum)
Kept = Literal["rebuilt", "operational"]

#: Constraint names are ours from migration 1: an unnamed one cannot be changed on SQLite later.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcInstant(TypeDecorator[datetime]):
    """An instant, stored in UTC, always aware. A naive time is refused: nobody can say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive time {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Each table says whether a rebuild from storage brings it back (`rebuilt`) or only a backup does (`operational`)."""

    kept: ClassVar[Kept]
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcInstant(),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def new_id() -> UUID:
    """UUIDv7: grows with time, so that primary keys stay in order of arrival."""
    return uuid7()


def enum_of(kind: type[E], name: str = "") -> Enum:
    """VARCHAR + CHECK: native enums cannot lose or rename a value without a table rewrite.

    A second column of the same kind in one table needs a `name` of its own: PostgreSQL takes no two equal constraints.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=name or kind.__name__.lower(),
        values_callable=lambda e: [member.value for member in e],
    )


def storable(value: Any) -> Any:
    """The text, or the plain value with all its texts, as every database takes it: foreign bytes may hold NUL."""
    if isinstance(value, str):
        return re.sub("[\x00\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    return [storable(each) for each in value] if isinstance(value, (list, tuple)) else value


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
    """All of them past the session's objects, every row with the same keys.

    Into the table: given the model, SQLAlchemy parts the rows by which of their values are None, a statement each.
    """
    session.execute(insert(cast(Table, model.__table__)), rows)


def open_engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own late BEGIN would start deferred transactions
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # a destroyed title must not stay readable in free pages
        "busy_timeout=30000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that writes later gives "database is locked" at once, whatever the time-out.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
