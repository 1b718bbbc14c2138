"""Dossiers, documents, files and their copies: the rows behind each AIP."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_service.kernel.db import Base, Kept, enum_of, new_id
from preservation.description.model import LONGEST_CODE

#: Compared byte by byte on both databases; the default collation of a PostgreSQL server may be any.
BYTEWISE = String(400).with_variant(String(400, collation="C"), "postgresql")


class AccessMode(StrEnum):
    """mức độ tiếp cận. Unknown or missing is closed until an officer maps it."""

    public = "public"
    conditional = "conditional"
    closed = "closed"


STRICTNESS = (AccessMode.public, AccessMode.conditional, AccessMode.closed)


def stricter(one: AccessMode, other: AccessMode) -> AccessMode:
    """A document's mode is the stricter of its own and its dossier's.

    >>> stricter(AccessMode.public, AccessMode.closed).value
    'closed'
    """
    return max(one, other, key=STRICTNESS.index)


class DossierState(StrEnum):
    stored = "stored"
    destruction_review = "destruction_review"
    destroyed = "destroyed"


class Dossier(Base, kw_only=True):
    """hồ sơ: one dossier is one AIP is one OCFL object. After destruction the row is the tombstone."""

    __tablename__ = "dossier"
    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        Index("ix_dossier_browse", "fonds_id", "year", "title_key", "id"),
    )
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    fonds_id: Mapped[UUID] = mapped_column(ForeignKey("fonds.id"))
    code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(BYTEWISE)
    """Vietnamese order (a ă â … d đ), as bytes sort: `kernel.vietnamese.sort_key`, cut."""
    state: Mapped[DossierState] = mapped_column(enum_of(DossierState), default=DossierState.stored)
    regime: Mapped[str] = mapped_column(String(20))
    tags: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The law's tags exactly as submitted."""
    maintenance: Mapped[str] = mapped_column(Text, default="")
    access: Mapped[AccessMode] = mapped_column(enum_of(AccessMode), default=AccessMode.closed)
    start_date: Mapped[date | None] = mapped_column(default=None)
    end_date: Mapped[date | None] = mapped_column(default=None)
    """The latest day that EndDate can mean: a year alone ends on 31/12."""
    year: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Năm hình thành: the year, or the inventory number, that browsing goes by."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with every change that the index must learn."""
    object_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1)
    inventory_digest: Mapped[str] = mapped_column(String(128), default="")
    """SHA-512 of the OCFL inventory: equal bytes in every root."""
    submission: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """Where it came from: SIP id, container name, size and digest, times of receipt, who accepted."""
    document_count: Mapped[int] = mapped_column(default=0)
    file_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    accepted_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None] = mapped_column(default=None)
    tombstone: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """After destruction: list, decision, certificate, ground, digests."""


class Document(Base, kw_only=True):
    """văn bản, tài liệu in a dossier."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("dossier_id", "ordinal"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"))
    dossier: Mapped[Dossier] = relationship(init=False)
    ordinal: Mapped[int] = mapped_column(BigInteger)
    tags: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    type_name: Mapped[str] = mapped_column(Text, default="")
    number: Mapped[str] = mapped_column(Text, default="")
    """Số và ký hiệu as people write it, e.g. 15/QĐ-UBND."""
    issued_raw: Mapped[str] = mapped_column(Text, default="")
    issued_from: Mapped[date | None] = mapped_column(default=None)
    issued_to: Mapped[date | None] = mapped_column(default=None)
    organ_name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    access: Mapped[AccessMode] = mapped_column(enum_of(AccessMode), default=AccessMode.closed)
    """Already the stricter of document and dossier."""


class FileObject(Base, kw_only=True):
    """A bit-stream of the submission. `path` is its logical path in the OCFL object (`submission/data/…`)."""

    __tablename__ = "file_object"
    __table_args__ = (UniqueConstraint("dossier_id", "path"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    """Among the document's files; 0 is the original."""
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    sha512: Mapped[str] = mapped_column(String(128))
    puid: Mapped[str] = mapped_column(String(40), default="")
    format_name: Mapped[str] = mapped_column(String(200), default="")
    mime: Mapped[str] = mapped_column(String(120), default="")
    pages: Mapped[int | None] = mapped_column(default=None)
    malware: Mapped[str] = mapped_column(String(20), default="not_scanned")
    text_path: Mapped[str] = mapped_column(Text, default="")
    """Logical path of the extracted text, "" when there is none."""


class Verdict(StrEnum):
    total_passed = "total_passed"
    indeterminate = "indeterminate"
    total_failed = "total_failed"


class Signature(Base, kw_only=True):
    """A digital signature in a file, with the verdict then (at ingest) and now."""

    __tablename__ = "signature"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file_object.id"), index=True)
    position: Mapped[int]
    signer: Mapped[str] = mapped_column(Text, default="")
    issuer: Mapped[str] = mapped_column(Text, default="")
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    first_verdict: Mapped[Verdict] = mapped_column(enum_of(Verdict, "first_verdict"))
    verdict: Mapped[Verdict] = mapped_column(enum_of(Verdict))
    reason: Mapped[str] = mapped_column(Text, default="")
    """ETSI EN 319 102-1 sub-indication, "" when passed."""
    evidence: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)


AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


class CopyState(StrEnum):
    owed = "owed"
    not_checked = "not_checked"
    verified = "verified"
    changed = "changed"
    missing = "missing"
    extra = "extra"
    unreadable = "unreadable"
    lost = "lost"


class Copy(Base, kw_only=True):
    """One object in one root. A rebuild finds copies anew and owes each a check."""

    __tablename__ = "copy"
    __table_args__ = (
        Index("ix_copy_due", "root_id", "next_check", "dossier_id"),
        Index("ix_copy_quick", "root_id", "next_quick", "dossier_id"),
        Index("ix_copy_coverage", "root_id", "state", "verified_at"),
    )
    kept: ClassVar[Kept] = "operational"
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    root_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[CopyState] = mapped_column(enum_of(CopyState), default=CopyState.owed)
    version: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    next_check: Mapped[datetime]
    next_quick: Mapped[datetime] = mapped_column(default=AT_ONCE)
    """When its files are next counted and measured, between two full checks."""
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    """Somebody reads or writes this copy until then: nobody else begins."""
    lease_by: Mapped[UUID | None] = mapped_column(default=None)
    """Drawn anew by each holder: one whose lease ended finds another's here."""
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    """The store keeps every version of the copy from deletion until then, where the root locks."""
    locked_version: Mapped[int] = mapped_column(default=0)
    locked_for: Mapped[date | None] = mapped_column(default=None)
    """The end of the term that the lock was made for."""


class StorageRoot(Base, kw_only=True):
    """What is known of a configured root: its marker's id and whether it answers."""

    __tablename__ = "storage_root"
    kept: ClassVar[Kept] = "operational"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    marker_id: Mapped[UUID]
    failure_domain: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="online")
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    probed_at: Mapped[datetime | None] = mapped_column(default=None)
    facts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """What the store was seen to do (`StoreFacts`), at `probed_at`; {} before its first probe."""


class Indexed(Base, kw_only=True):
    """What the index has confirmed. `blocked` dossiers are left out of every answer until it has caught up."""

    __tablename__ = "indexed"
    kept: ClassVar[Kept] = "operational"
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    blocked: Mapped[bool] = mapped_column(default=False, index=True)


class SystemObject(Base, kw_only=True):
    """What was last written of each system object: one object a kind and month."""

    __tablename__ = "system_object"
    kept: ClassVar[Kept] = "operational"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    """`<kind>-<year>-<month>`."""
    kind: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 over the contents: equal contents need no new version, nor a new month's object."""
    inventory_digest: Mapped[str] = mapped_column(String(128), default="")
    roots: Mapped[list[Any]] = mapped_column(default_factory=list)
    """The roots that hold this version, read back."""
    upto: Mapped[int] = mapped_column(BigInteger, default=0)
    """The log's kind only: the last entry that is in."""
    written_at: Mapped[datetime]
    next_check: Mapped[datetime]


class KeptPaper(Base, kw_only=True):
    """A paper (minutes, certificate) that lies in a system object: it is written to one month's object only."""

    __tablename__ = "kept_paper"
    kept: ClassVar[Kept] = "operational"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Amendment(Base, kw_only=True):
    """A new version of a dossier that was decided and is not in every root yet.

    Written before the first byte: whoever takes the work up after a crash plans the very same bytes.
    """

    __tablename__ = "amendment"
    kept: ClassVar[Kept] = "operational"
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    description: Mapped[dict[str, Any]]
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Lease(Base, kw_only=True):
    """Work that only one process may do at a time, and until when it has it."""

    __tablename__ = "lease"
    kept: ClassVar[Kept] = "operational"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    until: Mapped[datetime]


class ErasureReceipt(Base, kw_only=True):
    """What each copy, the index and the database reported of an erased dossier: owed, or gone and read back."""

    __tablename__ = "erasure_receipt"
    kept: ClassVar[Kept] = "rebuilt"
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    place: Mapped[str] = mapped_column(String(60), primary_key=True)
    """`copy:<root id>`, `index`, `database`, `staging`, `cache`."""
    # The list's entry lies in a room above; only its table is named here.
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("destruction_entry.id"), index=True)
    gone_at: Mapped[datetime | None] = mapped_column(default=None)
    detail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
