"""How long a dossier is kept, what forbids its destruction, and the lists by which it is destroyed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_service.kernel.db import Base, Kept, enum_of, new_id
from archive_service.kernel.people import Person
from preservation.models import Dossier


class TermKind(StrEnum):
    permanent = "permanent"
    years = "years"
    unknown = "unknown"
    """Never due; listed for a person."""


class Assessment(Base, kw_only=True):
    """The term as one pure function says it; a re-assessment of the same facts gives the same row."""

    __tablename__ = "assessment"
    __table_args__ = (
        Index("ix_assessment_due", "ends_on", "dossier_id"),
        Index("ix_assessment_kind", "kind", "dossier_id"),
    )
    kept: ClassVar[Kept] = "rebuilt"
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    dossier: Mapped[Dossier] = relationship(init=False)
    kind: Mapped[TermKind] = mapped_column(enum_of(TermKind))
    years: Mapped[int | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    """The last day of the term, 31/12; due from the day after. None: never due."""
    steps: Mapped[list[Any]] = mapped_column(default_factory=list)
    """The chain of reasons: [code, {fields}] in order."""


class Hold(Base, kw_only=True):
    """đóng băng: forbids destruction. Its reach is a predicate over catalogue columns, never over the index."""

    __tablename__ = "hold"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_number: Mapped[str] = mapped_column(Text)
    order_date: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    dossier_id: Mapped[UUID | None] = mapped_column(ForeignKey("dossier.id"), default=None)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), default=None)
    fonds_id: Mapped[UUID | None] = mapped_column(ForeignKey("fonds.id"), default=None)
    title_words: Mapped[str] = mapped_column(Text, default="")
    """Tone-blind words that all stand in the title; with unit or fonds they narrow it."""
    review_on: Mapped[date | None] = mapped_column(default=None)
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    placer: Mapped[Person] = relationship(foreign_keys=[placed_by], init=False)
    placed_at: Mapped[datetime]
    lift_requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    lift_requested_at: Mapped[datetime | None] = mapped_column(default=None)
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    lifted_at: Mapped[datetime | None] = mapped_column(default=None)


class ListState(StrEnum):
    draft = "draft"
    reviewing = "reviewing"
    awaiting_decision = "awaiting_decision"
    waiting = "waiting"
    """Decided; ready once `not_before` has passed."""
    executing = "executing"
    copies_owed = "copies_owed"
    certified = "certified"
    stopped = "stopped"
    declined = "declined"


CLOSED_LISTS = (ListState.certified, ListState.stopped, ListState.declined)


class DestructionList(Base, kw_only=True):
    """danh mục tài liệu hết giá trị: proposed, reviewed, decided and executed by four different people."""

    __tablename__ = "destruction_list"
    __table_args__ = (UniqueConstraint("number"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[ListState] = mapped_column(enum_of(ListState), default=ListState.draft)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), default=None)
    fonds_id: Mapped[UUID | None] = mapped_column(ForeignKey("fonds.id"), default=None)
    """Every entry lies in this unit or fonds, where one is named: who may act on them may act on the list."""
    explanation: Mapped[str] = mapped_column(Text, default="")
    """bản thuyết minh"""
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    reviewed_at: Mapped[datetime | None] = mapped_column(default=None)
    minutes_number: Mapped[str] = mapped_column(Text, default="")
    minutes_date: Mapped[date | None] = mapped_column(default=None)
    minutes_sha256: Mapped[str] = mapped_column(String(64), default="")
    minutes_key: Mapped[str] = mapped_column(String(200), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decision_number: Mapped[str] = mapped_column(Text, default="")
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    entries_digest: Mapped[str] = mapped_column(String(64), default="")
    """Digest over the entries to destroy, fixed when decided; execution compares it byte for byte."""
    not_before: Mapped[datetime | None] = mapped_column(default=None)
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    stopped_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)
    stop_reason: Mapped[str] = mapped_column(Text, default="")
    certified_at: Mapped[datetime | None] = mapped_column(default=None)
    certificate_key: Mapped[str] = mapped_column(String(200), default="")
    certificate_sha256: Mapped[str] = mapped_column(String(64), default="")
    row_version: Mapped[int] = mapped_column(default=1)


class Answer(StrEnum):
    unanswered = "unanswered"
    destroy = "destroy"
    extend = "extend"
    permanent = "permanent"
    taken_out = "taken_out"
    held = "held"


class EntryState(StrEnum):
    listed = "listed"
    erasing = "erasing"
    gone = "gone"
    withdrawn = "withdrawn"


class DestructionEntry(Base, kw_only=True):
    __tablename__ = "destruction_entry"
    __table_args__ = (
        UniqueConstraint("list_id", "dossier_id"),
        Index("ix_destruction_entry_state", "list_id", "state", "id"),
    )
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("destruction_list.id"))
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    dossier: Mapped[Dossier] = relationship(init=False)
    ground: Mapped[str] = mapped_column(String(30), default="expired")
    reason: Mapped[str] = mapped_column(Text, default="")
    """lý do hủy, in words"""
    answer: Mapped[Answer] = mapped_column(enum_of(Answer), default=Answer.unanswered)
    answer_reason: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    extend_to: Mapped[date | None] = mapped_column(default=None)
    decided: Mapped[bool] = mapped_column(default=False)
    """Among those that the decision names. Only these are ever erased, and the list's digest covers them."""
    inventory_digest: Mapped[str] = mapped_column(String(128), default="")
    """What was listed, reviewed and decided: SHA-512 of the OCFL inventory on the day of the proposal."""
    state: Mapped[EntryState] = mapped_column(enum_of(EntryState), default=EntryState.listed)
    byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    document_count: Mapped[int] = mapped_column(default=0)
