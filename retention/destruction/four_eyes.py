"""Proposer, reviewers, decider and executor are different people: asked at each step and again at execution."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.errors import Forbidden
from archive_service.kernel.organisation import units_below
from archive_service.kernel.people import AccountState, Grant, GrantState, Person
from archive_service.kernel.permissions import GRANTED, Permission
from archive_service.kernel.vietnamese import sort_key
from archive_service.work import Work
from retention.models import DestructionEntry, DestructionList
from retention.reach import person

DID = {
    "proposed": ("lập danh mục này", "drew up this list"),
    "reviewed": ("ghi ý kiến vào danh mục này", "answered entries of this list"),
    "decided": ("ký quyết định hủy danh mục này", "signed the decision on this list"),
}
ACTS = {
    Permission.review_destruction: ("xem xét lại", "review"),
    Permission.decide_destruction: ("quyết định", "decide on"),
    Permission.execute_destruction: ("thực hiện hủy", "execute"),
}
MOST_NAMES = 5


def parts(session: Session, listed: DestructionList) -> dict[str, set[UUID]]:
    """Who did what so far; every person who answered an entry is a reviewer."""
    answered = session.scalars(
        select(DestructionEntry.answered_by)
        .where(DestructionEntry.list_id == listed.id, DestructionEntry.answered_by.is_not(None))
        .distinct()
    )
    return {
        "proposed": _known(listed.proposed_by),
        "reviewed": _known(listed.reviewed_by, *answered),
        "decided": _known(listed.decided_by),
    }


def _known(*people: UUID | None) -> set[UUID]:
    return {each for each in people if each is not None}


def _others_part(session: Session, listed: DestructionList, act: Permission) -> dict[str, set[UUID]]:
    """Who may not do it any more, by what they did: reviewers may answer again, every other act is new hands only."""
    took = parts(session, listed)
    if act is Permission.review_destruction:
        del took["reviewed"]
    return took


def refuse_second_part(work: Work, listed: DestructionList, act: Permission) -> None:
    """Raises `Forbidden` for whoever had another part in this list; the sentence names who may do it instead."""
    acting = person(work)
    for did, people in _others_part(work.session, listed, act).items():
        if acting in people:
            _refuse(work, listed, did, act)


def _refuse(work: Work, listed: DestructionList, did: str, act: Permission) -> NoReturn:
    (did_vi, did_en), (act_vi, act_en) = DID[did], ACTS[act]
    names = ", ".join(who_may(work, listed, act))
    raise Forbidden(
        f"Ông/Bà đã {did_vi} nên không được {act_vi}. Người có quyền {act_vi}: {names or 'chưa có ai'}.",
        f"You {did_en}, so you cannot {act_en} it. Who can: {names or 'nobody yet'}.",
        name="same-person",
    )


def who_may(work: Work, listed: DestructionList, act: Permission) -> list[str]:
    """Names of some people who may do it now: their grants reach this list, and they had no other part in it."""
    roles = [role for role, allowed in GRANTED.items() if act in allowed]
    had_a_part = set[UUID]().union(*_others_part(work.session, listed, act).values())
    query = (
        select(Person.name, Grant.unit_id, Grant.fonds_id)
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role.in_(roles),
            Grant.state == GrantState.effective,
            Grant.effective_at <= work.now(),
            Grant.ended_at.is_(None),
            Person.state == AccountState.active,
            Person.id.not_in(had_a_part),
        )
    )
    reaching = (
        name
        for name, unit_id, fonds_id in work.session.execute(query)
        if _reaches(work, unit_id, fonds_id, listed)
    )
    return sorted(set(reaching), key=sort_key)[:MOST_NAMES]


def _reaches(work: Work, unit_id: UUID | None, fonds_id: UUID | None, listed: DestructionList) -> bool:
    if unit_id is None:
        return fonds_id in (None, listed.fonds_id)
    return listed.unit_id in units_below(work.session, {unit_id})


def four_people(session: Session, listed: DestructionList, executor: UUID | None) -> bool:
    """Whether all four parts were taken, and no person took two of them."""
    groups = [*parts(session, listed).values(), _known(executor)]
    people = [each for group in groups for each in group]
    return all(groups) and len(people) == len(set(people))
