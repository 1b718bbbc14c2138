"""Whose turn it is: which lists wait for an act that this person may do, and who else might."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from retention.destruction.four_eyes import who_may
from retention.models import Answer, DestructionEntry, DestructionList, EntryState, ListState

#: What a list in this state waits for, as the right that it takes.
TURNS: Mapping[ListState, Permission] = {
    ListState.draft: Permission.propose_destruction,
    ListState.reviewing: Permission.review_destruction,
    ListState.awaiting_decision: Permission.decide_destruction,
    ListState.waiting: Permission.execute_destruction,
}


def my_states(work: Work) -> list[ListState]:
    """The states in which a list may wait for this person; one person acts once on a list, which its page says."""
    return [state for state, permission in TURNS.items() if work.actor.may(permission)]


def may_act(work: Work, listed: DestructionList, permission: Permission) -> bool:
    """Whether the right reaches this list; who had another part in it is refused by name when acting."""
    return work.actor.may(permission) and work.scope(permission).holds(listed.unit_id, listed.fonds_id)


def waiting_for(work: Work, listed: DestructionList) -> list[str]:
    """Names of the people whose act is next; a draft waits for its own proposer alone. Nobody once it is under way."""
    if listed.state is ListState.draft:
        return list(names_of(work, [listed.proposed_by]).values())
    turn = TURNS.get(listed.state)
    return [] if turn is None else who_may(work, listed, turn)


def unanswered(work: Work, listed: DestructionList) -> list[UUID]:
    """Ids of the entries that wait for an answer."""
    query = select(DestructionEntry.id).where(
        DestructionEntry.list_id == listed.id,
        DestructionEntry.state == EntryState.listed,
        DestructionEntry.answer == Answer.unanswered,
    )
    return list(work.session.scalars(query.order_by(DestructionEntry.id)))


def names_of(work: Work, people: Iterable[UUID | None]) -> dict[UUID, str]:
    known = {each for each in people if each is not None}
    rows = work.session.execute(select(Person.id, Person.name).where(Person.id.in_(known)))
    return {row.id: row.name for row in rows}
