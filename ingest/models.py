"""Submissions (SIP), their tries, and what was found in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_service.kernel.db import Base, Kept, enum_of, new_id
from archive_service.kernel.findings import Severity
from archive_service.kernel.organisation import Agency, Unit
from archive_service.kernel.people import Person


class SipState(StrEnum):
    """States only move forward. "Failed" is none of them: our own faults stand on the job."""

    received = "received"
    checking = "checking"
    awaiting_decision = "awaiting_decision"
    accepted = "accepted"
    stored = "stored"
    returned = "returned"
    refused = "refused"
    duplicate = "duplicate"


ENDED = (SipState.stored, SipState.returned, SipState.refused, SipState.duplicate)


class Sip(Base, kw_only=True):
    """gói hồ sơ, tài liệu nộp. Its identity is (agency, dossier code); its content a digest over the manifests."""

    __tablename__ = "sip"
    __table_args__ = (
        Index("ix_sip_inbox", "state", "due_at", "id"),
        Index("ix_sip_identity", "agency_id", "dossier_code"),
        # The same bytes sent eight times at once become one row: the database decides, not a look before.
        Index(
            "uq_sip_open_container",
            "submitted_by",
            "container_sha256",
            unique=True,
            sqlite_where=text("state NOT IN ('returned', 'refused')"),
            postgresql_where=text("state NOT IN ('returned', 'refused')"),
        ),
    )
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    state: Mapped[SipState] = mapped_column(enum_of(SipState), default=SipState.received)
    submitted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    submitter: Mapped[Person | None] = relationship(foreign_keys=[submitted_by], init=False, lazy="joined")
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), default=None)
    agency: Mapped[Agency | None] = relationship(init=False)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), index=True, default=None)
    unit: Mapped[Unit | None] = relationship(init=False, lazy="joined")
    fonds_id: Mapped[UUID | None] = mapped_column(ForeignKey("fonds.id"), default=None)
    dossier_code: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(1000), default="")
    try_number: Mapped[int] = mapped_column(default=1)
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("sip.id"), default=None)
    container_name: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(80))
    container_size: Mapped[int] = mapped_column(BigInteger)
    container_sha256: Mapped[str] = mapped_column(String(64))
    content_digest: Mapped[str] = mapped_column(String(64), default="", index=True)
    staged_key: Mapped[str] = mapped_column(String(200))
    """Key of the container in staging, "" once it is erased there."""
    received_raw: Mapped[datetime]
    received_legal: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)
    steps: Mapped[list[Any]] = mapped_column(default_factory=list)
    """The checks that ran, in order, each with its counts of findings."""
    regime: Mapped[str] = mapped_column(String(20), default="")
    description: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The dossier's and the documents' tags as submitted."""
    document_count: Mapped[int] = mapped_column(default=0)
    file_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    notes: Mapped[int] = mapped_column(default=0)
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    decider: Mapped[Person | None] = relationship(foreign_keys=[decided_by], init=False, lazy="joined")
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(Text, default="")
    answers_for: Mapped[str] = mapped_column(Text, default="")
    """The name that answers for a return or a refusal (QĐ 30/2020 Ninh Thuận, Điều 5.4)."""
    access: Mapped[str] = mapped_column(String(20), default="closed")
    unknown_access: Mapped[str] = mapped_column(String(20), default="closed")
    dossier_id: Mapped[UUID | None] = mapped_column(default=None, index=True)
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("sip.id"), default=None)
    row_version: Mapped[int] = mapped_column(default=1)


class SipFinding(Base, kw_only=True):
    __tablename__ = "sip_finding"
    kept: ClassVar[Kept] = "operational"
    sip_id: Mapped[UUID] = mapped_column(ForeignKey("sip.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(80))
    severity: Mapped[Severity] = mapped_column(enum_of(Severity))
    path: Mapped[str] = mapped_column(Text, default="")
    got: Mapped[str] = mapped_column(Text, default="")
    expected: Mapped[str] = mapped_column(Text, default="")


class SipFile(Base, kw_only=True):
    """What the checks learned about each file; the AIP is built from it."""

    __tablename__ = "sip_file"
    kept: ClassVar[Kept] = "operational"
    sip_id: Mapped[UUID] = mapped_column(ForeignKey("sip.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text)
    document_ordinal: Mapped[int | None] = mapped_column(default=None)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    sha512: Mapped[str] = mapped_column(String(128))
    puid: Mapped[str] = mapped_column(String(40), default="")
    format_name: Mapped[str] = mapped_column(String(200), default="")
    mime: Mapped[str] = mapped_column(String(120), default="")
    pages: Mapped[int | None] = mapped_column(default=None)
    malware: Mapped[str] = mapped_column(String(20), default="not_scanned")
    signatures: Mapped[list[Any]] = mapped_column(default_factory=list)
