"""Agencies, their units and their fonds: what submissions come from and what rights are granted over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from archive_service.kernel.db import Base, Kept, new_id


class Agency(Base, kw_only=True):
    """cơ quan, tổ chức: a creating and submitting body with its identifier (QĐ 28/2018 or QĐ 20/2020 scheme)."""

    __tablename__ = "agency"
    __table_args__ = (UniqueConstraint("identifier"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    identifier: Mapped[str] = mapped_column(String(60))
    identifier_scheme: Mapped[str] = mapped_column(String(40), default="QD28-2018")
    name: Mapped[str] = mapped_column(String(300))
    predecessor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), default=None)
    created_at: Mapped[datetime]


class Unit(Base, kw_only=True):
    """đơn vị: a node of the dated tree below an agency. A merger closes a node and names its successor."""

    __tablename__ = "unit"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    agency: Mapped[Agency] = relationship(init=False)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), index=True, default=None)
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), default=None)
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(300))
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)


class Fonds(Base, kw_only=True):
    """phông: the whole of the records of one creating agency (13 fields of TT 02/2019, Annex I a)."""

    __tablename__ = "fonds"
    __table_args__ = (UniqueConstraint("agency_id", "organ_id"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    agency: Mapped[Agency] = relationship(init=False)
    organ_id: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    is_closed: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The law's other tags as they were given."""


def units_below(session: Session, roots: Iterable[UUID]) -> set[UUID]:
    """The units, everything below them, and those whose successor is among them: a merged unit's records go along."""
    rows = session.execute(select(Unit.id, Unit.parent_id, Unit.successor_id)).all()
    found = set(roots)
    while True:
        more = {
            i for i, parent, successor in rows if i not in found and (parent in found or successor in found)
        }
        if not more:
            return found
        found |= more
