"""The archive's own single rows: who it is, and the gate that holds and destructions pass one at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive_service.kernel.db import Base, Kept
from archive_service.kernel.errors import NotPossible


class ArchiveState(Base, kw_only=True):
    """One row. `epoch` grows with each log anchor; a marker with a higher one means an old database."""

    __tablename__ = "archive_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[int] = mapped_column(primary_key=True, default=1, autoincrement=False)
    archive_id: Mapped[UUID]
    created_at: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(default=0)
    destruction_locked: Mapped[bool] = mapped_column(default=False)
    destruction_released_by: Mapped[list[Any]] = mapped_column(default_factory=list)
    """Ids of the people who released destruction after a rebuild; two open it."""
    clock_confirmed_until: Mapped[datetime | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(String(500), default="")


class Gate(Base, kw_only=True):
    """One row that whoever places or lifts a hold, or claims an execution, changes first."""

    __tablename__ = "gate"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[int] = mapped_column(primary_key=True, default=1, autoincrement=False)
    passed: Mapped[int] = mapped_column(default=0)


def pass_gate(session: Session) -> None:
    """Takes the row's lock until the transaction ends.

    Under READ COMMITTED a hold and an execution that each look before they write would both commit.
    """
    passing = update(Gate).where(Gate.id == 1).values(passed=Gate.passed + 1).returning(Gate.id)
    if session.execute(passing).one_or_none() is None:
        raise RuntimeError("the gate's row is missing: nothing would be locked")


def archive_state(session: Session) -> ArchiveState:
    state = session.get(ArchiveState, 1)
    if state is None:
        raise NotPossible(
            "Kho chưa được khởi tạo. Đề nghị chạy `archive init`.",
            "The archive is not set up yet. Run `archive init`.",
            name="not-initialised",
        )
    return state
