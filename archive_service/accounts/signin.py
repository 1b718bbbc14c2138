"""Signing in and out, and giving the password again for an act that wants it."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from archive_service.accounts.actors import digest
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.db import storable
from archive_service.kernel.errors import ArchiveError, Conflict, NotPossible, TooMany
from archive_service.kernel.events import Verb
from archive_service.kernel.people import (
    AccountState,
    BrowserSession,
    LoginAttempts,
    Password,
    Person,
    PersonKind,
    actor_of,
)
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work

HASHER = PasswordHasher()
NOBODY = HASHER.hash(secrets.token_hex(16))
"""Verified for unknown names, so that they take as long as known ones."""
ATTEMPTS = 5
PAUSE = timedelta(minutes=15)
_STRONG = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")


class WrongPassword(ArchiveError):
    status, name = 401, "wrong-password"

    def __init__(self) -> None:
        super().__init__("Tên đăng nhập hoặc mật khẩu không đúng.", "The user name or the password is wrong.")


def set_password(work: Work, person_id: UUID, password: str, *, must_change: bool = False) -> None:
    """Stores the password hashed (argon2id). Raises `NotPossible` when it is weaker than QCVN 12:2026, 3.7 asks."""
    if len(password) < 8 or not all(re.search(pattern, password) for pattern in _STRONG):
        raise NotPossible(
            "Mật khẩu cần ít nhất 8 ký tự, có chữ thường, chữ hoa, chữ số và ký tự đặc biệt.",
            "A password needs at least 8 characters: lower case, upper case, a digit and a special one.",
            name="weak-password",
        )
    row = work.session.get(Password, person_id)
    if row is None:
        row = Password(person_id=person_id, argon2="", changed_at=work.now())
        work.session.add(row)
    row.argon2, row.changed_at, row.must_change = HASHER.hash(password), work.now(), must_change
    work.record_of(Verb.password_changed, "person", person_id)


def sign_in(archive: Archive, username: str, password: str) -> tuple[str, BrowserSession]:
    """The cookie's secret and its session. Raises `WrongPassword` or `TooMany`, the same for unknown names."""
    username = storable(username).strip().lower()[:80]
    person_id = _check(archive, username, password)
    secret = secrets.token_urlsafe(32)
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        person = work.get(Person, person_id)
        row = BrowserSession(
            digest=digest(secret),
            person_id=person.id,
            csrf=secrets.token_urlsafe(24),
            started_at=now,
            password_at=now,
            ends_at=now + timedelta(hours=archive.settings.session_hours),
        )
        work.session.add(row)
        # What was typed into forms of ended sessions goes with them.
        work.session.execute(delete(BrowserSession).where(BrowserSession.ends_at < now))
        work.actor = actor_of(work.session, person, "web", now)
        work.record(Verb.signed_in, person, username=username)
    return secret, row


def give_password(archive: Archive, actor: Actor, session: BrowserSession, password: str) -> Actor:
    """The actor, with the password given now; the session remembers when."""
    _check(archive, actor.username, password)
    with archive.work(actor) as work:
        row = work.get(BrowserSession, session.digest)
        row.password_at = work.now()
        work.record_of(Verb.password_given, "person", actor.id)
    return replace(actor, password_at=row.password_at, password_now=True)


def first_password(work: Work, person_id: UUID) -> str:
    """A password for a new account, shown this once. Its owner must choose another before anything else."""
    work.allow(Permission.manage_people)
    if work.session.get(Password, person_id) is not None:
        raise Conflict(
            "Tài khoản này đã có mật khẩu; chỉ chủ tài khoản đổi được.",
            "This account has a password; only its owner can change it.",
            name="has-password",
        )
    password = f"{secrets.token_urlsafe(12)}-aA1"
    set_password(work, person_id, password, must_change=True)
    return password


def must_change_password(work: Work, person_id: UUID | None) -> bool:
    row = work.session.get(Password, person_id) if person_id is not None else None
    return row is not None and row.must_change


def change_password(archive: Archive, actor: Actor, session: BrowserSession, old: str, new: str) -> None:
    """One's own. Every other session of this account ends. Raises `WrongPassword`, `TooMany`, `NotPossible`."""
    person_id = _check(archive, actor.username, old)
    with archive.work(actor) as work:
        set_password(work, person_id, new)
        others = (BrowserSession.person_id == person_id, BrowserSession.digest != session.digest)
        work.session.execute(delete(BrowserSession).where(*others))


def sign_out(archive: Archive, actor: Actor, session: BrowserSession) -> None:
    with archive.work(actor) as work:
        row = work.session.get(BrowserSession, session.digest)
        if row is not None:
            work.session.delete(row)
        work.record_of(Verb.signed_out, "person", actor.id)


def _check(archive: Archive, username: str, password: str) -> UUID:
    """The person's id. Counts failures in transactions of their own, which no later error takes back.

    The slow hash runs between them: in one, a stranger who guesses would hold everybody's writing up.
    """
    person_id, hashed = _begin_attempt(archive, username)
    right = _verify(hashed or NOBODY, password)
    with archive.work(THE_ARCHIVE) as work:
        attempts = _attempts(work, username)
        if right and hashed and person_id is not None:
            attempts.count, attempts.locked_until = 0, None
            return person_id
        if attempts.count >= ATTEMPTS:
            attempts.count, attempts.locked_until = 0, work.now() + PAUSE
        work.record_of(Verb.sign_in_failed, "person", person_id, outcome="failure", username=username)
    raise WrongPassword


def _begin_attempt(archive: Archive, username: str) -> tuple[UUID | None, str]:
    """Whose attempt it is, and the hash to verify: "" where none can be right. It counts as wrong until proven.

    Raises `TooMany` while the name is locked, and for guesses at once beyond the limit.
    """
    with archive.work(THE_ARCHIVE) as work:
        attempts, now = _attempts(work, username), work.now()
        attempts.count += 1
        if attempts.count > ATTEMPTS:
            attempts.count, attempts.locked_until = 0, now + PAUSE
        locked = attempts.locked_until is not None and attempts.locked_until > now
        if locked:
            attempts.count = 0
        person = work.session.scalars(select(Person).where(Person.username == username)).one_or_none()
        row = work.session.get(Password, person.id) if person else None
    if locked:
        raise TooMany(
            "Đã nhập sai nhiều lần. Đề nghị thử lại sau 15 phút.",
            "Too many wrong attempts. Try again in 15 minutes.",
        )
    usable = person is not None and person.state is AccountState.active and person.kind is PersonKind.person
    return (person.id if person else None), (row.argon2 if row and usable else "")


def _attempts(work: Work, username: str) -> LoginAttempts:
    """The counter, locked; made first when there is none, which several guesses at once may try."""
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    work.session.execute(insert(LoginAttempts).values(name=username, count=0).on_conflict_do_nothing())
    return work.session.get_one(LoginAttempts, username, with_for_update=True)


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
