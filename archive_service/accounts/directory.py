"""Who may do what, where: the accounts as administrators and the head see them. No record is reached from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from archive_service.kernel.errors import Forbidden
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.organisation import Fonds, Unit
from archive_service.kernel.people import (
    AccountState,
    Grant,
    GrantState,
    Person,
    Token,
)
from archive_service.kernel.permissions import Permission
from archive_service.work import Work

OPEN = (GrantState.requested, GrantState.effective)


@dataclass(frozen=True, slots=True)
class Held:
    """A grant in words: the unit or the fonds it reaches, "" for the whole archive."""

    grant: Grant
    over: str


@dataclass(frozen=True, slots=True)
class Card:
    person: Person
    unit: str
    grants: Sequence[Held]
    last_sign_in: datetime | None


def list_people(
    work: Work, words: str = "", state: AccountState | None = None, *, after: str = "", limit: int = 50
) -> Sequence[Card]:
    """Accounts by user name, from the one after `after`."""
    allow_looking(work)
    query = select(Person).where(Person.username > after)
    if words:
        query = query.where(
            or_(
                Person.username.contains(words.lower(), autoescape=True),
                Person.name.icontains(words, autoescape=True),
            )
        )
    if state is not None:
        query = query.where(Person.state == state)
    people = work.session.scalars(query.order_by(Person.username).limit(limit)).all()
    return [_card(work, person) for person in people]


def person_card(work: Work, person_id: UUID) -> Card:
    allow_looking(work)
    return _card(work, work.get(Person, person_id))


def own_tokens(work: Work) -> Sequence[Token]:
    """Those that act for whoever asks, the newest first."""
    return _tokens(work, work.actor.id) if work.actor.id else ()


def token(work: Work, token_id: UUID) -> Token:
    """One's own, or any for those who see accounts."""
    found: Token = work.get(Token, token_id)
    if found.person_id != work.actor.id:
        allow_looking(work)
    return found


def tokens_of(work: Work, person_id: UUID) -> Sequence[Token]:
    allow_looking(work)
    return _tokens(work, person_id)


def _tokens(work: Work, person_id: UUID) -> Sequence[Token]:
    wanted = select(Token).where(Token.person_id == person_id).order_by(Token.created_at.desc())
    return work.session.scalars(wanted.limit(100)).all()


def waiting_grants(work: Work) -> Sequence[Held]:
    """Requests for powerful roles that wait for the second person."""
    allow_looking(work)
    rows = work.session.scalars(
        select(Grant)
        .where(Grant.state == GrantState.requested)
        .order_by(Grant.requested_at, Grant.id)
        .limit(200)
    ).all()
    for row in rows:
        _ = row.person
    return [_held(work, row) for row in rows]


def held(work: Work, grant_id: UUID) -> Held:
    allow_looking(work)
    grant: Grant = work.get(Grant, grant_id)
    _ = grant.person
    return _held(work, grant)


def places(work: Work) -> tuple[Sequence[Unit], Sequence[Fonds]]:
    """What a role can be granted over."""
    allow_looking(work)
    units = work.session.scalars(select(Unit).order_by(Unit.name, Unit.id).limit(500)).all()
    fonds = work.session.scalars(select(Fonds).order_by(Fonds.name, Fonds.id).limit(500)).all()
    return units, fonds


def allow_looking(work: Work) -> None:
    """Raises `Forbidden` for everybody but those who manage accounts or confirm what others manage."""
    if not (work.actor.may(Permission.manage_people) or work.actor.may(Permission.confirm_grants)):
        raise Forbidden("Ông/Bà không có quyền xem trang này.", "You may not see this page.")


def _card(work: Work, person: Person) -> Card:
    grants = work.session.scalars(
        select(Grant).where(Grant.person_id == person.id, Grant.state.in_(OPEN)).order_by(Grant.requested_at)
    ).all()
    signed_in = (LogEntry.actor_id == person.id, LogEntry.verb == Verb.signed_in.value)
    last = work.session.scalar(select(func.max(LogEntry.at)).where(*signed_in))
    unit = work.session.get(Unit, person.unit_id) if person.unit_id else None
    return Card(person, unit.name if unit else "", [_held(work, grant) for grant in grants], last)


def _held(work: Work, grant: Grant) -> Held:
    if grant.unit_id is not None:
        return Held(grant, work.session.get_one(Unit, grant.unit_id).name)
    if grant.fonds_id is not None:
        return Held(grant, work.session.get_one(Fonds, grant.fonds_id).name)
    return Held(grant, "")
