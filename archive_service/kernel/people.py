"""People, what they are granted, and how they prove who they are. One account, one person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from archive_service.kernel.actors import Actor, Door, Granted
from archive_service.kernel.db import Base, Kept, enum_of, new_id
from archive_service.kernel.permissions import Role


class PersonKind(StrEnum):
    person = "person"
    system = "system"
    """A document-management system (QLVB) that submits by token and never signs in."""


class AccountState(StrEnum):
    active = "active"
    locked = "locked"


class Person(Base, kw_only=True):
    """Kept for ever, without secrets: past acts keep the name and the unit of that day in the log's details."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("username"),)
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    username: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[PersonKind] = mapped_column(enum_of(PersonKind), default=PersonKind.person)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), default=None)
    state: Mapped[AccountState] = mapped_column(enum_of(AccountState), default=AccountState.active)
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime]


class GrantState(StrEnum):
    requested = "requested"
    """Waits for the second person."""
    effective = "effective"
    """Confirmed; in force from `effective_at`."""
    refused = "refused"
    ended = "ended"


class Grant(Base, kw_only=True):
    """A role over a unit (and all below it), over a fonds, or over the whole archive when neither is named."""

    __tablename__ = "role_grant"
    kept: ClassVar[Kept] = "rebuilt"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    person: Mapped[Person] = relationship(foreign_keys=[person_id], init=False)
    role: Mapped[Role] = mapped_column(enum_of(Role))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), default=None)
    fonds_id: Mapped[UUID | None] = mapped_column(ForeignKey("fonds.id"), default=None)
    state: Mapped[GrantState] = mapped_column(enum_of(GrantState), default=GrantState.requested)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)
    requested_at: Mapped[datetime]
    effective_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class Password(Base, kw_only=True):
    __tablename__ = "password"
    kept: ClassVar[Kept] = "operational"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    argon2: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]
    must_change: Mapped[bool] = mapped_column(default=False)
    """Somebody else chose it: nothing but changing it can be done with it."""


class BrowserSession(Base, kw_only=True):
    """A signed-in browser. The cookie's value is stored hashed: the database does not open sessions."""

    __tablename__ = "browser_session"
    kept: ClassVar[Kept] = "operational"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    password_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kept_form: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """What was typed into a form when the session before this one had ended: its address and fields."""


class PostedForm(Base, kw_only=True):
    """A form that was sent, by its one-time token: sent twice, it is done once and answered twice."""

    __tablename__ = "posted_form"
    kept: ClassVar[Kept] = "operational"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 over the session's and the form's tokens."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    finished: Mapped[bool] = mapped_column(default=False)
    location: Mapped[str] = mapped_column(Text, default="")
    flash: Mapped[str] = mapped_column(Text, default="")


class Token(Base, kw_only=True):
    """An API token: shown once, stored hashed, acting for one person or one QLVB system."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("digest"),)
    kept: ClassVar[Kept] = "operational"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class LoginAttempts(Base, kw_only=True):
    """Wrong passwords by user name, known or not, so that the limit tells nothing about who exists."""

    __tablename__ = "login_attempts"
    kept: ClassVar[Kept] = "operational"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)


def grants_in_force(session: Session, person_id: UUID, now: datetime) -> tuple[Granted, ...]:
    rows = session.scalars(
        select(Grant).where(
            Grant.person_id == person_id,
            Grant.state == GrantState.effective,
            Grant.effective_at <= now,
        )
    )
    return tuple(Granted(row.role, row.unit_id, row.fonds_id) for row in rows)


def actor_of(session: Session, person: Person, door: Door, now: datetime) -> Actor:
    return Actor(
        id=person.id,
        name=person.name,
        door=door,
        username=person.username,
        unit_id=person.unit_id,
        grants=grants_in_force(session, person.id, now),
    )
