"""From a proof (browser session or token) to the `Actor` that acts, with the grants in force at this moment."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import SignInNeeded
from archive_service.kernel.people import AccountState, BrowserSession, Person, Token, actor_of
from archive_service.work import Archive


def digest(secret: str) -> str:
    """Random secrets of 256 bits need no slow hash: they cannot be guessed, only stolen."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_actor(archive: Archive, cookie: str | None) -> tuple[Actor, BrowserSession]:
    """Raises `SignInNeeded` for a missing, unknown, ended or locked session."""
    with archive.look(THE_ARCHIVE) as work:
        row = work.session.get(BrowserSession, digest(cookie)) if cookie else None
        person = work.session.get(Person, row.person_id) if row else None
        now = work.now()
        if row is None or person is None or row.ends_at <= now or person.state is not AccountState.active:
            raise SignInNeeded
        actor = actor_of(work.session, person, "web", now)
    return replace(actor, password_at=row.password_at), row


def token_actor(archive: Archive, secret: str) -> Actor:
    with archive.look(THE_ARCHIVE) as work:
        now = work.now()
        row = work.session.scalars(select(Token).where(Token.digest == digest(secret))).one_or_none()
        person = work.session.get(Person, row.person_id) if row else None
        ended = row is None or row.ended_at is not None or (row.ends_at is not None and row.ends_at <= now)
        if row is None or ended or person is None or person.state is not AccountState.active:
            raise SignInNeeded
        actor = actor_of(work.session, person, "api", now)
    return replace(actor, token_id=row.id)
