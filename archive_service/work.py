"""`Archive`: what is opened once in a process. `Work`: one transaction and what it may touch.

Bytes hang on `Archive` only. A `Work` cannot reach them, so that no object-store call happens inside a transaction:
bytes first, rows second when storing; rows first, bytes second when destroying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from archive_service.kernel import jobs, log
from archive_service.kernel.actors import Actor, Granted
from archive_service.kernel.clock import Clock, SystemClock
from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.errors import Conflict, Forbidden, Missing, PasswordNeeded
from archive_service.kernel.events import Event, Verb
from archive_service.kernel.keys import Keys, read_keys
from archive_service.kernel.keystore.store import Keystore
from archive_service.kernel.objects import ObjectStore, open_store
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.organisation import units_below
from archive_service.kernel.permissions import (
    BROWSER_ONLY,
    NEEDS_PASSWORD_AT_ACT,
    NEEDS_RECENT_PASSWORD,
    Permission,
)
from archive_service.kernel.queues import CeleryQueue, InProcessQueue
from archive_service.kernel.sandbox import Sandbox
from archive_service.kernel.settings import Root, Settings
from archive_service.kernel.state import archive_state, pass_gate
from archive_service.regulations import Rules, load
from search.index import SearchIndex
from search.opening import open_index


@dataclass(frozen=True, slots=True)
class Scope:
    """What a permission reaches: everything, or the named units (all below them included) and fonds."""

    everything: bool = False
    units: frozenset[UUID] = frozenset()
    fonds: frozenset[UUID] = frozenset()

    def holds(self, unit_id: UUID | None, fonds_id: UUID | None) -> bool:
        return self.everything or unit_id in self.units or fonds_id in self.fonds

    @property
    def empty(self) -> bool:
        return not (self.everything or self.units or self.fonds)


@dataclass(slots=True)
class Work:
    """One transaction. A use case takes it first, says who is allowed, changes rows and records what happened."""

    session: Session
    actor: Actor
    settings: Settings
    rules: Rules
    clock: Clock
    reading: bool = False
    events: list[Event] = field(default_factory=list)
    new_jobs: list[UUID] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock.now()

    def scope(self, permission: Permission) -> Scope:
        if permission in self.actor.machine:
            return Scope(everything=True)
        return self.scope_of_grants(list(self.actor.grants_for(permission)))

    def scope_of_grants(self, grants: Sequence[Granted]) -> Scope:
        """The reach of these grants: their units with all below them and all that merged into them."""
        if any(grant.unit_id is None and grant.fonds_id is None for grant in grants):
            return Scope(everything=True)
        units = {grant.unit_id for grant in grants if grant.unit_id}
        fonds = frozenset(grant.fonds_id for grant in grants if grant.fonds_id)
        return Scope(False, frozenset(units_below(self.session, units)) if units else frozenset(), fonds)

    def allow(self, permission: Permission) -> Scope:
        """The first line of a use case. Raises `Forbidden`, or `PasswordNeeded` for an act that wants it again.

        Looking asks for no password; acting does. Neither a token nor the command line passes for acts of decision.
        """
        if not self.actor.may(permission):
            raise Forbidden("Ông/Bà không có quyền làm việc này.", "You do not have the right to do this.")
        if not self.reading:
            self._check_password(permission)
        return self.scope(permission)

    def allow_on(self, permission: Permission, unit_id: UUID | None, fonds_id: UUID | None = None) -> None:
        """As `allow`, for one record: outside the scope it is `Missing`, never told from what does not exist."""
        if not self.allow(permission).holds(unit_id, fonds_id):
            raise Missing

    def _check_password(self, permission: Permission) -> None:
        if permission in BROWSER_ONLY:
            self._require_page()
        if permission in NEEDS_PASSWORD_AT_ACT and not self.actor.password_now:
            raise PasswordNeeded
        if permission in NEEDS_RECENT_PASSWORD and not self.actor.password_now:
            given, limit = self.actor.password_at, timedelta(minutes=self.settings.password_minutes)
            if given is None or self.now() - given > limit:
                raise PasswordNeeded

    def _require_page(self) -> None:
        if self.actor.door != "web":
            raise Forbidden(
                "Việc này chỉ làm được trên trang web, sau khi đăng nhập bằng mật khẩu.",
                "This can be done on its page only, signed in with a password.",
            )

    def require_password(self) -> None:
        """For an act on one's own account, which no role gives: on its page, with the password at the act."""
        self._require_page()
        if not self.actor.password_now:
            raise PasswordNeeded

    def get(self, model: type[Any], key: object) -> Any:
        """The row, or `Missing`."""
        row = self.session.get(model, key)
        if row is None:
            raise Missing
        return row

    def move(self, model: type[Base], key: UUID, *, of: Any, to: Any, **values: object) -> None:
        """Changes the row's `state` from one of `of` to `to`. Raises `Conflict` when somebody was faster."""
        self._must_write()
        allowed = of if isinstance(of, tuple) else (of,)
        table: Any = model
        statement = update(model).where(table.id == key, table.state.in_(allowed)).values(state=to, **values)
        self.session.flush()
        moved = self.session.execute(
            statement.returning(table.id).execution_options(synchronize_session=False)
        ).one_or_none()
        if moved is None:
            raise Conflict(
                "Việc này vừa được người khác xử lý. Đề nghị tải lại trang.",
                "Somebody else has just dealt with this. Load the page again.",
            )
        self.session.get(model, key, populate_existing=True)

    def record(
        self, verb: Verb, subject: Base | None = None, *, outcome: str = "success", **detail: Any
    ) -> None:
        """Notes an event; it is sealed into the audit log when, and only when, this Work commits."""
        self._must_write()
        kind = subject.__tablename__ if subject is not None else "archive"
        key: Any = getattr(subject, "id", None)
        self.events.append(Event(verb, kind, key, outcome, detail))

    def record_of(
        self, verb: Verb, kind: str, key: UUID | str | None, *, outcome: str = "success", **detail: Any
    ) -> None:
        """As `record`, for a subject whose row is not at hand (or is gone)."""
        self._must_write()
        self.events.append(Event(verb, kind, key, outcome, detail))

    def later(
        self, kind: str, *args: object, subject: UUID | str | None = None, run_after: datetime | None = None
    ) -> UUID:
        """Queues a job; a rollback takes it back. Args are ids: the job reads the rows when it runs."""
        self._must_write()
        now = self.now()
        job = jobs.Job(
            kind=kind,
            args=[str(arg) for arg in args],
            subject_id=str(subject if subject is not None else args[0] if args else "") or None,
            run_after=run_after or now,
            created_at=now,
        )
        self.session.add(job)
        self.new_jobs.append(job.id)
        return job.id

    def owe(self, kind: str, *args: object, run_after: datetime | None = None) -> None:
        """As `later` for work that covers everything owed so far: one waiting job of that kind is enough.

        With a service away for days, timetables would else pile up thousands that all wait for it.
        """
        waiting = select(jobs.Job.args).where(jobs.Job.kind == kind, jobs.Job.state.in_(jobs.OPEN))
        if args:
            waiting = waiting.where(jobs.Job.subject_id == str(args[0]))
        # Held until we commit: a worker that claimed it before that would not see what we owe.
        if [str(arg) for arg in args] not in self.session.scalars(waiting.with_for_update(read=True)).all():
            self.later(kind, *args, run_after=run_after)

    def pass_gate(self) -> None:
        """Holds and executions, one at a time; the clock must stand and no rebuild may be unreleased."""
        self._must_write()
        pass_gate(self.session)

    def irreversible(self) -> None:
        """Refuses an act that cannot be undone while the clock ran back or a rebuild is not released."""
        state = archive_state(self.session)
        now = self.now()
        confirmed = state.clock_confirmed_until is not None and now <= state.clock_confirmed_until
        if log.clock_ran_back(self.session, now) and not confirmed:
            raise Conflict(
                "Đồng hồ hệ thống chạy lùi so với nhật ký. Việc không thể đảo ngược tạm dừng đến khi có người xác nhận.",
                "The clock ran back behind the log. Irreversible acts wait until a person confirms it.",
                name="clock-ran-back",
            )
        if state.destruction_locked:
            raise Conflict(
                "Kho vừa được dựng lại từ kho lưu. Việc hủy bị khóa cho đến khi hai người mở khóa.",
                "The archive was rebuilt from storage. Destruction is locked until two people release it.",
                name="destruction-locked",
            )

    def _must_write(self) -> None:
        if self.reading:
            raise RuntimeError("a look may not change anything")


class Archive:
    """Everything a process opens once: engine, object stores, index, rules, queue, sandbox and the one clock."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.rules: Rules = load().with_hours(**settings.office_hours.model_dump(exclude_none=True))
        self.engine: Engine = open_engine(settings.database)
        self.stores: dict[str, ObjectStore] = {root.id: self._open_root(root) for root in settings.storage}
        self.staging: ObjectStore = self._open(settings.staging, settings.staging_credentials)
        self.queue: jobs.JobQueue = (
            InProcessQueue() if settings.queue == "in-process" else CeleryQueue(settings.queue)
        )

    def _open(self, url: str, credentials: str | None, *, release: bool = False) -> ObjectStore:
        found = self.settings.credentials.get(credentials) if credentials else None
        if found is None:
            return open_store(url)
        secret = found.secret_key.get_secret_value()
        return open_store(url, access_key=found.access_key, secret_key=secret, release=release)

    def _open_root(self, root: Root) -> ObjectStore:
        return self._sealed(root, self._open(root.url, root.credentials))

    def _sealed(self, root: Root, store: ObjectStore) -> ObjectStore:
        return EncryptedStore(store, self.keystore) if root.sealed else store

    def eraser(self, root_id: str) -> ObjectStore:
        """The root as whoever may delete from it: under its delete credentials, where they are kept apart."""
        root = next(root for root in self.settings.storage if root.id == root_id)
        if not root.delete_credentials:
            return self.stores[root_id]
        return self._sealed(
            root, self._open(root.url, root.delete_credentials, release=root.object_lock != "none")
        )

    @cached_property
    def keystore(self) -> Keystore:
        """The keys of dossiers in encrypted roots; touches nothing until the first of them is needed."""
        settings = self.settings
        return Keystore(
            settings.keystore.places, settings.data / "keys/master", settings.keystore.escrow, self.clock.now
        )

    @cached_property
    def keys(self) -> Keys:
        return read_keys(self.settings.data / "keys")

    @cached_property
    def sandbox(self) -> Sandbox:
        return Sandbox(workers=self.settings.workers)

    @cached_property
    def index(self) -> SearchIndex:
        """Opened when first used: an index that is away (`IndexAway`) stops searching, not the archive."""
        settings = self.settings
        return open_index(
            settings.search,
            folder=settings.data / "index",
            name=settings.search_index,
            username=settings.search_username,
            password=settings.search_password.get_secret_value(),
        )

    @cached_property
    def trust_roots(self) -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for path in self.settings.trust)

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """One writing transaction: flush, seal the events, compare the job's fence, commit, then send the jobs."""
        with Session(self.engine, expire_on_commit=False) as session:
            work = Work(session, actor, self.settings, self.rules, self.clock)
            with session.begin():
                yield work
                session.flush()
                claim = jobs.current_claim.get()
                if claim is not None and not jobs.held(session, claim):
                    raise jobs.LeaseLost(claim.job_id)
                log.seal(session, work.actor, self.clock.now(), work.events)
            self._send(work.new_jobs)

    @contextmanager
    def look(self, actor: Actor) -> Iterator[Work]:
        """A reading transaction: nothing can be changed, recorded or queued in it."""
        engine = self.engine.execution_options(reading=True)
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield Work(session, actor, self.settings, self.rules, self.clock, reading=True)

    def _send(self, new_jobs: Sequence[UUID]) -> None:
        for job_id in new_jobs:
            self.queue.nudge(job_id)

    def close(self) -> None:
        self.queue.close()
        if "sandbox" in self.__dict__:
            self.sandbox.close()
        self.engine.dispose()
