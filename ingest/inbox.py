"""Lists of submissions: what waits for officers in their reach, and what a producer sent.

Keyset pages on (time, id); counts are bounded, so that they cost the same in a large archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from archive_service.kernel.actors import Granted
from archive_service.kernel.clock import VIETNAM, vietnam_date
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.organisation import Unit
from archive_service.kernel.people import AccountState, Grant, GrantState, Person
from archive_service.kernel.permissions import GRANTED, Permission
from archive_service.work import Work
from ingest.models import Sip, SipState

COUNTED = 10_000
MOST_FAULTY = 1_000
FAULTY = (JobState.retrying, JobState.stuck)
SIP_JOBS = ("process_sip", "store_sip")


class Group(StrEnum):
    """Whose turn it is: the tabs of the inbox."""

    waiting = "waiting"
    with_errors = "with_errors"
    """Checked, errors found: the return is prepared and waits for the officer's yes."""
    checking = "checking"
    storing = "storing"
    sent_back = "sent_back"
    stored = "stored"
    in_work = "in_work"
    """The archive's turn, whatever the step: how a sender sees it."""
    our_fault = "our_fault"
    everything = "everything"


class Result(StrEnum):
    clean = "clean"
    warnings = "warnings"
    errors = "errors"


Sort = Literal["due", "received"]
SORTS: dict[Sort, Any] = {"due": Sip.due_at, "received": Sip.received_raw}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of a list. `handler` is a person's id, or "nobody"; days are days in Vietnam."""

    group: Group = Group.everything
    unit_id: UUID | None = None
    result: Result | None = None
    handler: UUID | Literal["nobody"] | None = None
    received_from: date | None = None
    received_to: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The row beyond which a page begins (or, backwards, before which it ends)."""

    at: datetime
    id: UUID
    backwards: bool = False


def list_sips(
    work: Work,
    wanted: Wanted,
    *,
    sort: Sort = "due",
    descending: bool = False,
    beyond: Place | None = None,
    limit: int = 50,
) -> Sequence[Sip]:
    """Up to `limit` submissions in the reach of an officer, those nearest to `beyond` first."""
    work.allow(Permission.read_sips)
    return _page(work, [_in_reach(work), *_conditions(work, wanted)], sort, descending, beyond, limit)


def own_sips(work: Work, wanted: Wanted, *, beyond: Place | None = None, limit: int = 50) -> Sequence[Sip]:
    """What this account sent, newest first."""
    work.allow(Permission.read_own_sips)
    return _page(work, [_own(work), *_conditions(work, wanted)], "received", True, beyond, limit)


def count_sips(work: Work, wanted: Wanted, most: int = COUNTED) -> int:
    """How many an officer's list holds; `most` + 1 stands for more."""
    work.allow(Permission.read_sips)
    return _count(work, [_in_reach(work), *_conditions(work, wanted)], most)


def count_own_sips(work: Work, wanted: Wanted, most: int = COUNTED) -> int:
    work.allow(Permission.read_own_sips)
    return _count(work, [_own(work), *_conditions(work, wanted)], most)


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days, and what presses now. All in the officer's reach."""

    received: int
    accepted: int
    sent_back: int
    overdue: int
    due_today: int


def week(work: Work) -> Week:
    work.allow(Permission.read_sips)
    reach, now = _in_reach(work), work.now()
    begin = now - timedelta(days=7)
    end_of_day = _start_of(vietnam_date(now) + timedelta(days=1))
    open_ = [reach, Sip.state == SipState.awaiting_decision]
    back = Sip.state.in_((SipState.returned, SipState.refused))
    kept = Sip.state.in_((SipState.accepted, SipState.stored))
    return Week(
        received=_count(work, [reach, Sip.received_raw >= begin]),
        accepted=_count(work, [reach, kept, Sip.decided_at >= begin]),
        sent_back=_count(work, [reach, back, Sip.decided_at >= begin]),
        overdue=_count(work, [*open_, Sip.due_at < now]),
        due_today=_count(work, [*open_, Sip.due_at >= now, Sip.due_at < end_of_day]),
    )


def clean_ids(work: Work, wanted: Wanted, limit: int = 200) -> Sequence[Sip]:
    """Of a filter, what may be accepted together: awaiting a decision, without error and without warning."""
    clean = Wanted(**{**_as_dict(wanted), "group": Group.waiting, "result": Result.clean})
    return list_sips(work, clean, limit=limit)


def _as_dict(wanted: Wanted) -> Mapping[str, Any]:
    return {name: getattr(wanted, name) for name in Wanted.__slots__}


def officers_for(work: Work, sip: Sip) -> Sequence[Person]:
    """People who may decide on this submission now: whom it can be given to."""
    roles = [role for role, permissions in GRANTED.items() if Permission.decide_sips in permissions]
    effective = (Grant.state == GrantState.effective, Grant.effective_at <= work.now(), Grant.role.in_(roles))
    rows = work.session.execute(
        select(Person, Grant)
        .join(Grant, Grant.person_id == Person.id)
        .where(Person.state == AccountState.active, *effective)
        .order_by(Person.name, Person.id)
    ).all()
    reaching: dict[UUID, Person] = {}
    for person, grant in rows:
        scope = work.scope_of_grants([Granted(grant.role, grant.unit_id, grant.fonds_id)])
        if scope.holds(sip.unit_id, sip.fonds_id) and person.id != sip.submitted_by:
            reaching[person.id] = person
    return list(reaching.values())


def units_in_reach(work: Work) -> Sequence[Unit]:
    """The units whose packages this officer may see, for the filter."""
    scope = work.allow(Permission.read_sips)
    seen = true() if scope.everything else Unit.id.in_(scope.units)
    return work.session.scalars(select(Unit).where(seen).order_by(Unit.name, Unit.id).limit(500)).all()


def faults_of(work: Work, sip_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """Our own faults beside the states: the job that is trying again, or stuck, by submission."""
    jobs = work.session.scalars(
        select(Job).where(Job.subject_id.in_([str(key) for key in sip_ids]), *_faulty())
    )
    return {UUID(job.subject_id): job for job in jobs if job.subject_id}


def _faulty() -> tuple[ColumnElement[bool], ...]:
    return Job.state.in_(FAULTY), Job.kind.in_(SIP_JOBS)


def _in_reach(work: Work) -> ColumnElement[bool]:
    """Of other units nothing is listed or counted; a package of no known owner is seen by the whole archive's officers."""
    scope = work.scope(Permission.read_sips)
    if scope.everything:
        return true()
    return or_(Sip.unit_id.in_(scope.units), Sip.fonds_id.in_(scope.fonds))


def _own(work: Work) -> ColumnElement[bool]:
    return Sip.submitted_by == work.actor.id


def _conditions(work: Work, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [_of_group(work, wanted.group)]
    if wanted.unit_id is not None:
        found.append(Sip.unit_id == wanted.unit_id)
    if wanted.result is not None:
        found += _of_result(wanted.result)
    if wanted.handler is not None:
        nobody = wanted.handler == "nobody"
        found.append(Sip.assigned_to.is_(None) if nobody else Sip.assigned_to == wanted.handler)
    if wanted.received_from is not None:
        found.append(Sip.received_raw >= _start_of(wanted.received_from))
    if wanted.received_to is not None:
        found.append(Sip.received_raw < _start_of(wanted.received_to + timedelta(days=1)))
    if wanted.words:
        found.append(
            or_(
                Sip.dossier_code.contains(wanted.words, autoescape=True),
                Sip.title.icontains(wanted.words, autoescape=True),
                Sip.container_name.contains(wanted.words, autoescape=True),
            )
        )
    return found


def _of_group(work: Work, group: Group) -> ColumnElement[bool]:
    S = SipState
    if group is Group.our_fault:
        subjects = work.session.scalars(select(Job.subject_id).where(*_faulty()).limit(MOST_FAULTY))
        return Sip.id.in_([UUID(subject) for subject in subjects if subject])
    awaiting = Sip.state == S.awaiting_decision
    groups: dict[Group, ColumnElement[bool]] = {
        Group.waiting: and_(awaiting, Sip.errors == 0),
        Group.with_errors: and_(awaiting, Sip.errors > 0),
        Group.checking: Sip.state.in_((S.received, S.checking)),
        Group.storing: Sip.state == S.accepted,
        Group.in_work: Sip.state.in_((S.received, S.checking, S.awaiting_decision, S.accepted)),
        Group.sent_back: Sip.state.in_((S.returned, S.refused)),
        Group.stored: Sip.state == S.stored,
        Group.everything: true(),
    }
    return groups.get(group, false())


def _of_result(result: Result) -> list[ColumnElement[bool]]:
    checked = Sip.checked_at.is_not(None)
    if result is Result.errors:
        return [checked, Sip.errors > 0]
    return [checked, Sip.errors == 0, Sip.warnings > 0 if result is Result.warnings else Sip.warnings == 0]


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _page(
    work: Work,
    conditions: Sequence[ColumnElement[bool]],
    sort: Sort,
    descending: bool,
    beyond: Place | None,
    limit: int,
) -> Sequence[Sip]:
    column = SORTS[sort]
    query: Select[Any] = select(Sip).where(*conditions)
    down = descending
    if beyond is not None:
        down = descending != beyond.backwards
        edge = (column < beyond.at, Sip.id < beyond.id) if down else (column > beyond.at, Sip.id > beyond.id)
        query = query.where(or_(edge[0], and_(column == beyond.at, edge[1])))
    order = (column.desc(), Sip.id.desc()) if down else (column, Sip.id)
    return work.session.scalars(query.order_by(*order).limit(limit)).all()


def _count(work: Work, conditions: Sequence[ColumnElement[bool]], most: int = COUNTED) -> int:
    some = select(Sip.id).where(*conditions).limit(most + 1).subquery()
    return work.session.execute(select(func.count()).select_from(some)).scalar_one()
