"""The catalogue of backups: one row a set and medium, kept after the set itself has expired; and the drills."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archive_service.kernel.db import Base, Kept, enum_of, new_id


class BackupKind(StrEnum):
    full = "full"
    """sao lưu đầy đủ"""
    incremental = "incremental"
    """sao lưu gia tăng"""


class BackupState(StrEnum):
    running = "running"
    good = "good"
    """Read back, and restored in a scratch place."""
    failed = "failed"
    damaged = "damaged"
    """Was good, and a later check found it changed."""
    expired = "expired"
    """Removed: older than sets are kept."""


class BackupSet(Base, kw_only=True):
    """One set on one medium."""

    __tablename__ = "backup_set"
    __table_args__ = (Index("ix_backup_set_state", "medium_id", "state", "began_at"),)
    kept: ClassVar[Kept] = "operational"
    set_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    medium_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    marker_id: Mapped[str] = mapped_column(String(40), default="")
    """Which medium lay there: another disk under the same name is another one."""
    kind: Mapped[BackupKind] = mapped_column(enum_of(BackupKind))
    base_id: Mapped[str] = mapped_column(String(60), default="")
    """Of an incremental set: the full one that it adds to."""
    state: Mapped[BackupState] = mapped_column(enum_of(BackupState), default=BackupState.running)
    host: Mapped[str] = mapped_column(String(200), default="")
    began_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)
    """When its bytes were last compared with their digests."""
    byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    log_number: Mapped[int] = mapped_column(BigInteger, default=0)
    """The last entry of the audit log that is in."""
    reason: Mapped[str] = mapped_column(Text, default="")


class DrillKind(StrEnum):
    rebuild = "rebuild"
    restore = "restore"


class Drill(Base, kw_only=True):
    """diễn tập: a rebuild or a restore done in a scratch place, to know that it can be done."""

    __tablename__ = "drill"
    __table_args__ = (Index("ix_drill_kind", "kind", "finished_at"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[DrillKind] = mapped_column(enum_of(DrillKind))
    began_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    passed: Mapped[bool]
    report: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
