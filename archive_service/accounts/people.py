"""Accounts and roles. One account, one person; powerful roles need a second person and a day's wait."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from archive_service.accounts.actors import digest
from archive_service.kernel.errors import Conflict, Forbidden, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.organisation import Fonds, Unit
from archive_service.kernel.people import (
    AccountState,
    BrowserSession,
    Grant,
    GrantState,
    Person,
    PersonKind,
    Token,
)
from archive_service.kernel.permissions import BESIDE_ADMINISTRATOR, Permission, Role
from archive_service.work import Work

#: Granting these needs the head; granting the next ones a second administrator or the head.
NEEDS_HEAD = frozenset({Role.administrator})
NEEDS_SECOND = frozenset({Role.head, Role.council_member, Role.executor, Role.officer, Role.records_manager})


def add_person(
    work: Work, username: str, name: str, *, kind: PersonKind = PersonKind.person, unit_id: UUID | None = None
) -> Person:
    """An account. Names of Tuyên Quang's form (Điều 6.3, `pdtrung.vpubnd`) and others of a–z, 0–9, dot and hyphen."""
    work.allow(Permission.manage_people)
    return enter_person(work, username, name, kind=kind, unit_id=unit_id)


def enter_person(
    work: Work, username: str, name: str, *, kind: PersonKind = PersonKind.person, unit_id: UUID | None = None
) -> Person:
    """As `add_person`, without asking who: for `archive init` and the demo, which log it as theirs."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,79}", username):
        raise NotPossible(
            "Tên đăng nhập gồm chữ thường không dấu, chữ số, dấu chấm, gạch nối.",
            "A user name has a–z, 0–9, dots and hyphens.",
            name="wrong-username",
        )
    if work.session.scalars(select(Person.id).where(Person.username == username)).first():
        raise Conflict("Tên đăng nhập này đã có.", "This user name is taken.", name="username-taken")
    person = Person(username=username, name=name.strip(), kind=kind, unit_id=unit_id, created_at=work.now())
    work.session.add(person)
    work.session.flush()
    work.record(Verb.person_added, person, name=person.name, username=username, unit_id=unit_id)
    work.owe("write_system_objects")
    return person


def request_grant(
    work: Work, person_id: UUID, role: Role, *, unit_id: UUID | None = None, fonds_id: UUID | None = None
) -> Grant:
    """Grants a harmless role at once; a powerful one waits for `confirm_grant` by another person."""
    work.allow(Permission.manage_people)
    person = work.get(Person, person_id)
    if person.id == work.actor.id:
        raise Forbidden(
            "Không ai tự cấp quyền cho mình.",
            "Nobody grants a role to themselves.",
            name="second-person-needed",
        )
    if person.kind is PersonKind.system and role is not Role.producer:
        raise NotPossible(
            "Tài khoản hệ thống chỉ được giao nộp hồ sơ.",
            "An account of a system may only submit.",
            name="system-submits-only",
        )
    _require_active(person)
    _refuse_beside_administrator(work, person, role)
    _require_place(work, unit_id, fonds_id)
    now = work.now()
    waits = role in NEEDS_HEAD | NEEDS_SECOND
    grant = Grant(
        person_id=person.id,
        role=role,
        unit_id=unit_id,
        fonds_id=fonds_id,
        state=GrantState.requested if waits else GrantState.effective,
        requested_by=work.actor.id,
        requested_at=now,
        effective_at=None if waits else now,
    )
    work.session.add(grant)
    work.session.flush()
    work.record(
        Verb.grant_requested, grant, person=person.name, role=role.value, unit=unit_id, fonds=fonds_id
    )
    work.owe("write_system_objects")
    return grant


def _require_active(person: Person) -> None:
    if person.state is not AccountState.active:
        raise NotPossible("Tài khoản này đã khóa.", "This account is locked.", name="account-locked")


def _refuse_beside_administrator(work: Work, person: Person, role: Role) -> None:
    """An administrator reads no content, accepts and approves nothing: also not by a second role."""
    open_states = (GrantState.requested, GrantState.effective)
    wanted = select(Grant.role).where(Grant.person_id == person.id, Grant.state.in_(open_states))
    roles = {role, *work.session.scalars(wanted)}
    if Role.administrator in roles and not roles <= BESIDE_ADMINISTRATOR:
        raise NotPossible(
            "Người quản trị hệ thống không đồng thời được đọc, tiếp nhận hay phê duyệt hồ sơ.",
            "Whoever administers the system may not also read, accept or approve records.",
            name="administrator-apart",
        )


def _require_place(work: Work, unit_id: UUID | None, fonds_id: UUID | None) -> None:
    unknown = (unit_id and work.session.get(Unit, unit_id) is None) or (
        fonds_id and work.session.get(Fonds, fonds_id) is None
    )
    if unknown:
        raise NotPossible(
            "Không có đơn vị hoặc phông này.", "There is no such unit or fonds.", name="no-such-place"
        )


def confirm_grant(work: Work, grant_id: UUID) -> datetime:
    """The second person's yes; returns when the grant takes effect (24 h later by default)."""
    work.allow(Permission.confirm_grants)
    grant: Grant = work.get(Grant, grant_id)
    if work.actor.id in (grant.requested_by, grant.person_id):
        raise Forbidden(
            "Người đề nghị và người được cấp quyền không tự xác nhận.",
            "Neither who asked for a role nor who gets it may confirm it.",
            name="second-person-needed",
        )
    if grant.role in NEEDS_HEAD and Role.head not in work.actor.roles:
        raise Forbidden(
            "Chỉ người đứng đầu được xác nhận quyền quản trị.",
            "Only the head may confirm an administrator.",
            name="head-needed",
        )
    effective = work.now() + timedelta(hours=work.settings.grant_delay_hours)
    work.move(
        Grant,
        grant_id,
        of=GrantState.requested,
        to=GrantState.effective,
        confirmed_by=work.actor.id,
        effective_at=effective,
    )
    work.record(Verb.grant_confirmed, grant, role=grant.role.value, effective_at=effective)
    work.owe("write_system_objects")
    return effective


def refuse_grant(work: Work, grant_id: UUID) -> None:
    work.allow(Permission.confirm_grants)
    grant: Grant = work.get(Grant, grant_id)
    work.move(Grant, grant_id, of=GrantState.requested, to=GrantState.refused, ended_at=work.now())
    work.record(Verb.grant_refused, grant, role=grant.role.value)
    work.owe("write_system_objects")


def end_grant(work: Work, grant_id: UUID) -> None:
    """Taking a role away needs one person and works at once."""
    work.allow(Permission.manage_people)
    grant: Grant = work.get(Grant, grant_id)
    work.move(
        Grant,
        grant_id,
        of=(GrantState.requested, GrantState.effective),
        to=GrantState.ended,
        ended_at=work.now(),
    )
    work.record(Verb.grant_ended, grant, role=grant.role.value)
    work.owe("write_system_objects")


def give_role_at_start(
    work: Work, person: Person, role: Role, *, unit_id: UUID | None = None, fonds_id: UUID | None = None
) -> Grant:
    """Only for `archive init` and the demo: no second person is there yet. Logged as such."""
    now = work.now()
    grant = Grant(
        person_id=person.id,
        role=role,
        unit_id=unit_id,
        fonds_id=fonds_id,
        state=GrantState.effective,
        requested_at=now,
        effective_at=now,
    )
    work.session.add(grant)
    work.session.flush()
    work.record(Verb.grant_confirmed, grant, role=role.value, person=person.name, at_start=True)
    work.owe("write_system_objects")
    return grant


def make_token(work: Work, person_id: UUID, name: str, *, days: int | None = 365) -> str:
    """The token, shown this once; stored hashed. It acts for a QLVB system, or for the person who makes it.

    Whoever sees another person's token acts in that person's name: an administrator would read what they may not.
    """
    if person_id == work.actor.id:
        work.require_password()
        return enter_token(work, person_id, name, days=days)
    work.allow(Permission.manage_people)
    person: Person = work.get(Person, person_id)
    if person.kind is not PersonKind.system:
        raise Forbidden(
            "Mã truy cập của một người chỉ do chính người đó tạo.",
            "Only a person makes tokens that act for that person.",
            name="own-token",
        )
    return enter_token(work, person_id, name, days=days)


def enter_token(work: Work, person_id: UUID, name: str, *, days: int | None = 365) -> str:
    secret = "vnat_" + secrets.token_urlsafe(32)
    now = work.now()
    ends = None if days is None else now + timedelta(days=days)
    token = Token(person_id=person_id, name=name, digest=digest(secret), created_at=now, ends_at=ends)
    work.session.add(token)
    work.session.flush()
    work.record(Verb.token_made, token, person=person_id, name=name)
    return secret


def own_id(work: Work) -> UUID:
    """Raises `Forbidden` where no person acts."""
    if work.actor.id is None:
        raise Forbidden("Việc này cần một người đăng nhập.", "A person must do this.")
    return work.actor.id


def end_token(work: Work, token_id: UUID) -> Token:
    """At once: one's own, or another's for those who manage accounts."""
    token = work.session.get(Token, token_id)
    if token is not None and token.person_id == work.actor.id:
        work.require_password()
    else:
        work.allow(Permission.manage_people)
        token = work.get(Token, token_id)
    token.ended_at = token.ended_at or work.now()
    work.record(Verb.token_ended, token, name=token.name)
    return token


def lock_person(work: Work, person_id: UUID, successor_id: UUID) -> Person:
    """Leaving (Tuyên Quang Điều 9.2–9.3): sessions, tokens and grants end; open tasks go to the successor.

    Past acts keep the name and the unit: the row stays. The caller hands over the tasks of its own packages.
    """
    work.allow(Permission.manage_people)
    person: Person = work.get(Person, person_id)
    successor: Person = work.get(Person, successor_id)
    if successor.id == person.id or successor.state is not AccountState.active:
        raise NotPossible(
            "Người nhận bàn giao phải là một tài khoản khác đang dùng.",
            "The successor must be another, active account.",
            name="wrong-successor",
        )
    now = work.now()
    work.move(Person, person_id, of=AccountState.active, to=AccountState.locked, successor_id=successor.id)
    work.session.execute(delete(BrowserSession).where(BrowserSession.person_id == person_id))
    work.session.execute(
        update(Token).where(Token.person_id == person_id, Token.ended_at.is_(None)).values(ended_at=now)
    )
    work.session.execute(
        update(Grant)
        .where(Grant.person_id == person_id, Grant.state.in_((GrantState.requested, GrantState.effective)))
        .values(state=GrantState.ended, ended_at=now)
    )
    work.record(Verb.person_locked, person, name=person.name, successor=successor.name)
    work.owe("write_system_objects")
    return successor
