"""Rows of what watches over the copies: audits, incidents with their papers and reports, alarms, retired roots."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive_service.kernel.db import Base, Kept, enum_of, new_id


class IncidentState(StrEnum):
    open = "open"
    waiting_person = "waiting_person"
    closed = "closed"


UNSETTLED = (IncidentState.open, IncidentState.waiting_person)


class Incident(Base, kw_only=True):
    """sự cố: a damaged, missing or extra file, a changed verdict, a stopped audit."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_state", "state", "opened_at"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[IncidentState] = mapped_column(enum_of(IncidentState), default=IncidentState.open)
    dossier_id: Mapped[UUID | None] = mapped_column(index=True, default=None)
    """No foreign key: the incident of a dossier that is lost must come back without it."""
    root_id: Mapped[str] = mapped_column(String(40), default="")
    path: Mapped[str] = mapped_column(Text, default="")
    found: Mapped[str] = mapped_column(Text, default="")
    expected: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    remark: Mapped[str] = mapped_column(Text, default="")
    question: Mapped[str] = mapped_column(Text, default="")
    """What a person must decide, while it waits for one."""
    cause: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    affected: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(Text, default="")


class ReportOutcome(StrEnum):
    sent = "sent"
    not_needed = "not_needed"


class IncidentReport(Base, kw_only=True):
    """báo cáo sự cố: one body told by one rule, or the reason why it need not be told."""

    __tablename__ = "incident_report"
    __table_args__ = (UniqueConstraint("incident_id", "rule"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    rule: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[ReportOutcome] = mapped_column(enum_of(ReportOutcome))
    recipient: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    """Number and date of the report, or the reason."""
    told_at: Mapped[datetime]
    told_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class AuditPaper(Base, kw_only=True):
    """Minutes of an incident or of a yearly check, kept by their digest; a new one never replaces an old one."""

    __tablename__ = "audit_paper"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    incident_id: Mapped[UUID | None] = mapped_column(ForeignKey("incident.id"), index=True, default=None)
    year: Mapped[int | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class Alarm(Base, kw_only=True):
    """An alarm to one channel, made with what it tells of: written together, sent later, never forgotten."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("channel", "incident_id", "event"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    channel: Mapped[str] = mapped_column(String(60))
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    event: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(index=True, default=None)


class AuditRun(Base, kw_only=True):
    """đợt kiểm tra: one bounded run of the fixity or the signature audit."""

    __tablename__ = "audit_run"
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    checked: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    repaired: Mapped[int] = mapped_column(default=0)
    """A run of kind `repair` only: copies that were made good without a person."""
    stopped: Mapped[str] = mapped_column(Text, default="")


class SignatureCheck(Base, kw_only=True):
    """When the archive verified a signature last and will again."""

    __tablename__ = "signature_check"
    __table_args__ = (Index("ix_signature_check_due", "next_check", "signature_id"),)
    kept: ClassVar[Kept] = "operational"
    signature_id: Mapped[UUID] = mapped_column(
        ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True
    )
    checked_at: Mapped[datetime]
    next_check: Mapped[datetime]


class CanaryCheck(Base, kw_only=True):
    """What the newest audit of a root said of the objects that are known to be bad: whether the alarm is alive."""

    __tablename__ = "canary_check"
    kept: ClassVar[Kept] = "operational"
    root_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    checked_at: Mapped[datetime]
    known: Mapped[int] = mapped_column(default=0)
    reported: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")


class FixitySnapshot(Base, kw_only=True):
    """The figures of one root at the end of a day's last audit: what the trend is drawn from."""

    __tablename__ = "fixity_snapshot"
    kept: ClassVar[Kept] = "operational"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """In Vietnam, `2026-03-02`."""
    root_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    copies: Mapped[int]
    checked: Mapped[int]
    """Verified within the period."""
    bad: Mapped[int]
    owed: Mapped[int]
    taken_at: Mapped[datetime]
    states: Mapped[dict[str, Any]]
    """Copies by state."""
    within: Mapped[list[Any]]
    """How many were read last within each bound of `coverage.bounds`, in days."""
    oldest: Mapped[datetime | None]


class RetiredRoot(Base, kw_only=True):
    """A root taken out of service for good. What its medium holds is still there until the medium is destroyed."""

    __tablename__ = "retired_root"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    encrypted: Mapped[bool]
    retired_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """What the minutes say (`retire.Minutes`): they can be drawn again."""
    destroyed_on: Mapped[date | None] = mapped_column(default=None)
    """The day, in Vietnam, on which the medium itself was destroyed."""
    destroyed_by: Mapped[str] = mapped_column(Text, default="")
