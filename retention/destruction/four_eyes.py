"""Proposer, reviewers, decider and executor are different people: asked at each step and again at execution."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.errors import Forbidden
from archive_service.kernel.people import AccountState, Grant, GrantState, Person
from archive_service.kernel.permissions import GRANTED, Permission
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


def refuse_second_part(work: Work, listed: DestructionList, act: Permission) -> None:
    """Raises `Forbidden` for whoever had another part in this list; the sentence names who may do it instead.

    Reviewers may answer again; every other act is refused to everybody who acted before.
    """
    acting = person(work)
    for did, people in parts(work.session, listed).items():
        if act is Permission.review_destruction and did == "reviewed":
            continue
        if acting in people:
            _refuse(work, did, act)


def _refuse(work: Work, did: str, act: Permission) -> NoReturn:
    (did_vi, did_en), (act_vi, act_en) = DID[did], ACTS[act]
    names = ", ".join(who_else_may(work, act))
    raise Forbidden(
        f"Ông/Bà đã {did_vi} nên không được {act_vi}. Người có quyền {act_vi}: {names or 'chưa có ai'}.",
        f"You {did_en}, so you cannot {act_en} it. Who can: {names or 'nobody yet'}.",
        name="same-person",
    )


def who_else_may(work: Work, act: Permission) -> list[str]:
    """Names of some other people whose grants in force allow the act."""
    roles = [role for role, allowed in GRANTED.items() if act in allowed]
    query = (
        select(Person.name)
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role.in_(roles),
            Grant.state == GrantState.effective,
            Grant.effective_at <= work.now(),
            Grant.ended_at.is_(None),
            Person.state == AccountState.active,
            Person.id != work.actor.id,
        )
        .distinct()
        .order_by(Person.name)
        .limit(MOST_NAMES)
    )
    return list(work.session.scalars(query))


def four_people(session: Session, listed: DestructionList, executor: UUID | None) -> bool:
    """Whether all four parts were taken, and no person took two of them."""
    groups = [*parts(session, listed).values(), _known(executor)]
    people = [each for group in groups for each in group]
    return all(groups) and len(people) == len(set(people))
