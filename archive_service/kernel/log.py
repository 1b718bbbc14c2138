"""The audit log: a chain of entries whose alteration shows.

The stored and exported entry is the very bytes that were hashed (RFC 8785 JSON): ids, verb, outcome and a salted digest
of its detail. Names, titles and free text lie in the detail row, which can be erased without breaking the chain. The
head is signed with the archive's own key (Ed25519) and anchored outside the database, so that a chain recomputed from
entry 1, or one whose tail was cut, does not match its anchors.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, cast, select
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from archive_service.kernel.actors import Actor
from archive_service.kernel.db import Base, Kept
from archive_service.kernel.events import Event

FIRST = "0" * 64


class LogEntry(Base, kw_only=True):
    """`body` is what was hashed; the other columns repeat it for queries and are compared by `verify`."""

    __tablename__ = "log_entry"
    kept: ClassVar[Kept] = "rebuilt"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    verb: Mapped[str] = mapped_column(String(60), index=True)
    subject_id: Mapped[str | None] = mapped_column(String(80), index=True)


#: SQLite keeps what it is given: whoever alters an entry by hand leaves a text or a number where bytes were.
_BODY = cast(LogEntry.body, LargeBinary)


class LogDetail(Base, kw_only=True):
    __tablename__ = "log_detail"
    kept: ClassVar[Kept] = "operational"
    number: Mapped[int] = mapped_column(ForeignKey("log_entry.number"), primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)


class LogHead(Base, kw_only=True):
    """One row: whoever seals entries locks it, so that the chain never forks."""

    __tablename__ = "log_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[int] = mapped_column(primary_key=True, default=1, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default=FIRST)
    at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed head. It lies in every root's marker and with every receipt and certificate."""

    number: int
    digest: str
    signature: str

    def holds(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(bytes.fromhex(self.signature), _anchored(self.number, self.digest))
        except (InvalidSignature, ValueError):
            return False
        return True


def _anchored(number: int, digest: str) -> bytes:
    return f"vn-archive log {number} {digest}".encode()


def sign_head(session: Session, key: Ed25519PrivateKey) -> Anchor:
    head = session.get_one(LogHead, 1)
    return Anchor(head.number, head.digest, key.sign(_anchored(head.number, head.digest)).hex())


def seal(session: Session, actor: Actor, now: datetime, events: Sequence[Event]) -> None:
    """Appends the events to the chain under the head's lock; called once, when a Work commits."""
    if not events:
        return
    locked = select(LogHead).where(LogHead.id == 1).with_for_update()
    # As it is now that we hold the lock: who looked at it before has an older one in hand.
    head = session.execute(locked, execution_options={"populate_existing": True}).scalar_one()
    for event in events:
        salt = secrets.token_hex(16)
        detail = json.dumps(
            {"actor": actor.name, **event.detail}, ensure_ascii=False, sort_keys=True, default=str
        )
        number = head.number + 1
        subject = None if event.subject_id is None else str(event.subject_id)
        body = rfc8785.dumps(
            {
                "actor": None if actor.id is None else str(actor.id),
                "at": now.isoformat(timespec="microseconds"),
                "detail": _salted(salt, detail),
                "door": actor.door,
                "number": number,
                "outcome": event.outcome,
                "previous": head.digest,
                "subject": subject,
                "subject_type": event.subject_type,
                "verb": event.verb.value,
            }
        )
        digest = hashlib.sha256(body).hexdigest()
        session.add(
            LogEntry(
                number=number,
                body=body,
                digest=digest,
                at=now,
                actor_id=actor.id,
                verb=event.verb.value,
                subject_id=subject,
            )
        )
        session.flush()
        session.add(LogDetail(number=number, salt=salt, detail=detail))
        # The latest instant, not the last: else the first entry after a clock ran back would hide that it did.
        head.number, head.digest, head.at = number, digest, max(now, head.at or now)


def _salted(salt: str, detail: str) -> str:
    return hashlib.sha256(f"{salt}\n{detail}".encode()).hexdigest()


def ahead_of(session: Session, now: datetime) -> datetime | None:
    """The log's latest time, when that lies more than 5 s ahead of now: the clock ran back."""
    latest = session.get_one(LogHead, 1).at
    return latest if latest is not None and now < latest - timedelta(seconds=5) else None


def clock_ran_back(session: Session, now: datetime) -> bool:
    """Irreversible acts must wait for a person then."""
    return ahead_of(session, now) is not None


# Verification: the same steps for the database and for an export.


@dataclass(frozen=True, slots=True)
class LogFault:
    """`code`: changed, removed, moved, tail-cut, recomputed, detail-changed, index-changed, anchor-signature."""

    code: str
    number: int


@dataclass(frozen=True, slots=True)
class Line:
    """One exported entry: the hashed bytes, and the detail where it was not erased."""

    body: bytes
    salt: str | None = None
    detail: str | None = None


def verify(lines: Iterable[Line], anchors: Sequence[Anchor], key: Ed25519PublicKey) -> Iterator[LogFault]:
    """Walks the chain and compares it with the anchors. Yields every fault; nothing means the chain is whole.

    `anchors` must come from outside the chain's own store (root markers, receipts): a chain that was recomputed from
    entry 1 is consistent in itself.
    """
    expected_number, previous = 1, FIRST
    # Several digests may be anchored at one number: the forged end of a chain is signed at the next hour, too.
    wanted: dict[int, set[str]] = {}
    for anchor in anchors:
        if not anchor.holds(key):
            yield LogFault("anchor-signature", anchor.number)
        if anchor.number:
            wanted.setdefault(anchor.number, set()).add(anchor.digest)
    for line in lines:
        number, linked, fault = _read(line)
        if fault is not None:
            yield LogFault(fault, number or expected_number)
        if number != expected_number:
            yield LogFault("moved" if number < expected_number else "removed", expected_number)
        elif linked != previous:
            yield LogFault("changed", number - 1)
        previous = hashlib.sha256(line.body).hexdigest()
        if wanted.pop(number, {previous}) != {previous}:
            yield LogFault("recomputed", number)
        expected_number = max(expected_number, number) + 1
    yield from (LogFault("tail-cut", number) for number in sorted(wanted))


def _read(line: Line) -> tuple[int, str, str | None]:
    try:
        body: dict[str, Any] = json.loads(line.body)
        number, previous, detail = int(body["number"]), str(body["previous"]), str(body["detail"])
        if rfc8785.dumps(body) != line.body:
            return number, previous, "changed"
    except (ValueError, KeyError, TypeError):
        return 0, "", "changed"
    erased = line.salt is None or line.detail is None
    if not erased and _salted(line.salt or "", line.detail or "") != detail:
        return number, previous, "detail-changed"
    return number, previous, None


def detail_fits(body: bytes, salt: str, detail: str) -> bool:
    """Whether the entry was hashed over this detail."""
    return _read(Line(bytes(body), salt, detail))[2] is None


def lines_from(session: Session, first: int = 1) -> Iterator[Line]:
    """The chain in order, streamed; memory stays flat however long the log is."""
    query = (
        select(_BODY, LogDetail.salt, LogDetail.detail)
        .outerjoin(LogDetail, LogDetail.number == LogEntry.number)
        .where(LogEntry.number >= first)
        .order_by(LogEntry.number)
        .execution_options(yield_per=1000)
    )
    for body, salt, detail in session.execute(query):
        yield Line(body, salt, detail)


def head_faults(session: Session) -> Iterator[LogFault]:
    """The head must be the last entry: entries cut or changed since the newest anchor show by it."""
    head = session.get_one(LogHead, 1)
    newest = select(LogEntry.number, _BODY.label("body")).order_by(LogEntry.number.desc()).limit(1)
    row = session.execute(newest).one_or_none()
    last, digest = (0, FIRST) if row is None else (row.number, hashlib.sha256(row.body).hexdigest())
    if last < head.number:
        yield LogFault("tail-cut", head.number)
    elif (last, digest) != (head.number, head.digest):
        yield LogFault("recomputed", last)


def index_faults(session: Session) -> Iterator[LogFault]:
    """The columns that pages filter by must say what the hashed bytes say."""
    query = select(LogEntry, _BODY).options(defer(LogEntry.body)).order_by(LogEntry.number)
    for entry, data in session.execute(query.execution_options(yield_per=1000)):
        try:
            body = json.loads(data)
            same = (
                body["verb"] == entry.verb
                and body["subject"] == entry.subject_id
                and body["number"] == entry.number
                and datetime.fromisoformat(body["at"]) == entry.at
                and body["actor"] == (None if entry.actor_id is None else str(entry.actor_id))
                and hashlib.sha256(data).hexdigest() == entry.digest
            )
        except (ValueError, KeyError, TypeError):
            same = False
        if not same:
            yield LogFault("index-changed", entry.number)
