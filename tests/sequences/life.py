"""The life of one archive as its people see it.

Each act is one that a person repeats until it has happened: what a died process left is taken up by the restarted one,
and what it never began is asked for again. So the outcome is known whatever befell it, and can be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import Row, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.errors import Conflict, NotPossible, TryLater
from archive_service.kernel.jobs import OPEN, Job
from archive_service.worker import drain, tick
from ingest.models import SipState
from preservation.aips.amend import amend
from preservation.audits.fixity import fixity_run
from preservation.models import Copy, CopyState, Dossier
from preservation.ocfl.layout import object_path
from retention.holds import held
from retention.lifting import lift_hold, request_lift
from retention.models import DestructionEntry, DestructionList, Hold, ListState
from tests.archives import House
from tests.faults.dossiers import accept, receive, sip_of
from tests.faults.stacks import Embedded
from tests.retention.shelf import Hands
from tests.sequences.fate import AWAY_FOR, Died, Fate, under
from tests.sequences.packages import Package

ROUNDS = 30


@dataclass
class Known:
    """What we know of a package that we sent: this is held against what the archive has."""

    package: Package
    sip_id: UUID | None = None
    dossier_id: UUID | None = None
    returned: bool = False
    destroyed: bool = False
    title: str = ""


@dataclass
class Life:
    """One archive of `stack` under the name `name`; a restart opens it again, as a new process would."""

    stack: Embedded
    name: str
    house: House
    known: dict[int, Known] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """Every act and what befell it, for whoever must replay a failure."""
    deaths: int = 0

    @classmethod
    def begun(cls, stack: Embedded, name: str) -> Life:
        stack.copy(name)
        return cls(stack, name, stack.people_of(stack.open(name)))

    def end(self) -> None:
        self.house.archive.close()
        self.stack.drop(self.name)

    def act(self, what: str, act: Callable[[], object], fate: Fate | None = None) -> None:
        """Does it, whatever befalls the first try, and lets everything that is owed be done."""
        self.told.append(f"{what} {fate or ''}")
        for _ in range(ROUNDS):
            try:
                with under(self.house.archive, fate or Fate()):
                    act()
                    self.quiet()
                return
            except Died:
                self.deaths += 1
                self.restart()
            except TryLater:
                self.house.clock.advance(minutes=30)
            fate = None
        raise AssertionError(f"{what}: not done after {ROUNDS} tries")

    def restart(self) -> None:
        """A new process, after the dead one's leases have ended."""
        with suppress(Died):
            self.house.archive.close()
        clock = MovableClock(self.house.clock.now())
        clock.advance(hours=7)
        archive = replace(self.stack.opening(self.name), now=clock.now())()
        self.house = self.stack.people_of(archive)
        tick(archive)  # as every worker does within seconds of its start

    def quiet(self) -> None:
        """Runs jobs, hour by hour, until none is open."""
        for _ in range(ROUNDS):
            drain(self.house.archive)
            with self.house.archive.look(THE_ARCHIVE) as work:
                waiting = work.session.scalars(select(Job).where(Job.state.in_(OPEN))).all()
            if not waiting:
                return
            self.house.clock.advance(hours=1)
        raise AssertionError([(job.kind, job.state.value, job.fault) for job in waiting])

    # --- acts

    def submit(self, number: int, package: Package) -> None:
        """The sender sends until there is a receipt; the officer accepts."""
        known = self.known.setdefault(number, Known(package))
        known.sip_id = receive(self.house, package.container).sip_id
        self.quiet()
        if sip_of(self.house.archive, known.sip_id).state is SipState.awaiting_decision:
            accept(self.house, known.sip_id)
        self.quiet()
        known.dossier_id = sip_of(self.house.archive, known.sip_id).dossier_id
        assert known.dossier_id is not None
        known.title = known.title or self.dossier(number).title

    def send_again(self, number: int) -> None:
        """The same bytes once more: the same receipt, nothing new."""
        again = receive(self.house, self.known[number].package.container)
        assert again.sip_id == self.known[number].sip_id

    def retitle(self, number: int, title: str) -> None:
        """A metadata change is the dossier's next version."""

        def change(description: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
            description["dossier"]["title"] = title
            return description

        if self.dossier(number).title != title:
            with suppress(Conflict):  # the version that a died process had begun was finished in between
                amend(self.house.archive, self.id_of(number), change, "Sửa tiêu đề")
        self.quiet()
        assert self.dossier(number).title == title
        self.known[number].title = title

    def hold(self, number: int) -> None:
        if not self.is_held(number):
            Hands(self.house).hold(self.id_of(number))

    def lift(self, number: int) -> None:
        for hold in self._holds(number):
            with self.house.archive.work(self.house.actor("records_manager")) as work:
                request_lift(work, hold, "Thanh tra đã kết thúc")
            with self.house.archive.work(self.house.actor("head")) as work:
                lift_hold(work, hold)

    def destroy(self, number: int) -> None:
        """A list with this one dossier, by four people, each step wherever the last try came to."""
        hands, key = Hands(self.house), self.id_of(number)
        steps: dict[ListState, Callable[[UUID], object]] = {
            ListState.draft: hands.send,
            ListState.awaiting_decision: hands.decide,
            ListState.executing: lambda _: self.quiet(),
            ListState.copies_owed: lambda _: self.quiet(),
        }
        for _ in range(ROUNDS):
            listed = self._list_of(key)
            if listed is None:
                hands.propose(key)
            elif listed.state is ListState.certified:
                self.known[number].destroyed = True
                return
            elif listed.state is ListState.reviewing:
                hands.answer(listed.id)
                hands.send_on(listed.id)
            elif listed.state is ListState.waiting:
                self.house.clock.advance(days=8)
                hands.start(listed.id)
            else:
                steps[listed.state](listed.id)
        raise AssertionError("the list goes round in circles")

    def try_to_destroy_held(self, number: int) -> None:
        try:
            Hands(self.house).propose(self.id_of(number))
        except (Conflict, NotPossible):
            return
        raise AssertionError("a held dossier was listed for destruction")

    def damage(self, number: int, root_id: str, which: int) -> str:
        """One bit of one file of one copy turns over on its disk; returns the file's key."""
        store = self.house.archive.stores[root_id]
        keys = sorted(info.key for info in store.list(object_path(self.dossier(number).object_id)))
        key = keys[which % len(keys)]
        with store.open(key) as stream:
            data = bytearray(stream.read())
        if not data:
            return ""
        data[which % len(data)] ^= 1 << which % 8
        store.delete(key)
        store.put(key, bytes(data))
        return key

    def heal(self) -> None:
        """The audit reads every copy; what is damaged is restored by itself, a day later: a sixth within one would wait.

        Storage that does not answer may refuse its few calls on as many nights: one a repair, the next an audit's first.
        """
        for _ in range(1 + AWAY_FOR):
            self.house.clock.advance(days=1)
            report = fixity_run(self.house.archive, early=True)
            self.quiet()
            if not report.stopped and not list(self.bad_copies()):
                return
        raise AssertionError("a damaged copy was not restored")

    def a_day(self) -> None:
        """Night work: every timetable whose time has come."""
        self.house.clock.advance(days=1)
        tick(self.house.archive)

    # --- looking

    def id_of(self, number: int) -> UUID:
        found = self.known[number].dossier_id
        assert found is not None
        return found

    def dossier(self, number: int) -> Dossier:
        with self.house.archive.look(THE_ARCHIVE) as work:
            return work.session.get_one(Dossier, self.id_of(number))

    def is_held(self, number: int) -> bool:
        with self.house.archive.look(THE_ARCHIVE) as work:
            return self.id_of(number) in held(work.session, [self.id_of(number)])

    def _holds(self, number: int) -> list[UUID]:
        with self.house.archive.look(THE_ARCHIVE) as work:
            query = select(Hold.id).where(Hold.dossier_id == self.id_of(number), Hold.lifted_at.is_(None))
            return list(work.session.scalars(query))

    def _list_of(self, key: UUID) -> DestructionList | None:
        with self.house.archive.look(THE_ARCHIVE) as work:
            query = select(DestructionList).join(DestructionEntry).where(DestructionEntry.dossier_id == key)
            return work.session.scalars(query).one_or_none()

    def bad_copies(self) -> Iterator[Row[UUID, str, CopyState]]:
        with self.house.archive.look(THE_ARCHIVE) as work:
            query = select(Copy.dossier_id, Copy.root_id, Copy.state).where(Copy.state != CopyState.verified)
            yield from work.session.execute(query)
