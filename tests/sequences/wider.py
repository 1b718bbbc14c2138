"""What else happens to an archive: a package goes back, a root is unplugged for a day, a backup is made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from archive_service.backup.medium_new import prepare
from archive_service.backup.models import BackupSet, BackupState
from archive_service.backup.run import run_backup
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.worker import drain, tick
from ingest.accept import return_sip
from ingest.models import Sip, SipState
from tests.archives import House
from tests.backup.conftest import settings_of
from tests.faults.dossiers import accept, receive, sip_of
from tests.faults.stacks import Encrypted
from tests.sequences.fate import Fate
from tests.sequences.life import Life
from tests.sequences.machine import FATES, Archives
from tests.sequences.packages import Package, package

FIRST_RETURNED = 50
"""Numbers of packages from here on are those that go back: their dossiers never exist."""


@dataclass
class BackedUp(Encrypted):
    """As `Encrypted`, with two backup media."""

    def settings(self, name: str) -> dict[str, Any]:
        return {**super().settings(name), **settings_of(self.folder / name)}

    def build(self) -> House:
        house = super().build()
        for medium in house.archive.settings.backup:
            prepare(house.archive, OPERATOR, medium.id)
        return house


class Wider(Archives):
    stack: BackedUp

    def __init__(self) -> None:
        super().__init__()
        self.gone_back: set[UUID] = set()
        self.backups = 0

    @precondition(lambda self: len(self.gone_back) < 3)
    @rule(fate=FATES)
    def give_back(self, fate: Fate) -> None:
        sent = package(FIRST_RETURNED + len(self.gone_back))
        self.life.act("give back", lambda: self._give_back(sent), fate)

    def _give_back(self, sent: Package) -> None:
        house = self.life.house
        sip_id = receive(house, sent.container).sip_id
        self.life.quiet()
        sip = sip_of(house.archive, sip_id)
        if sip.state is SipState.awaiting_decision:
            with house.archive.work(house.actor("officer")) as work:
                return_sip(work, sip_id, reason="Thiếu tờ trình số 3.", version=sip.row_version)
        self.gone_back.add(sip_id)

    @precondition(lambda self: len(self.life.known) < 5)
    @rule(root=st.sampled_from(["1", "2"]), fate=FATES)
    def unplug(self, root: str, fate: Fate) -> None:
        """A package comes while a root is away for a day; with the root back, all of it is as ever."""
        number = len(self.life.known) + 1
        folder = self.life.house.archive.settings.data / "storage" / root
        away = folder.with_name("unplugged")
        self.life.told.append(f"unplug {folder.name}")
        folder.rename(away)
        try:
            without_it(self.life, package(number))
        finally:
            away.rename(folder)
        self.life.act("a day", self.life.a_day)
        self.life.act(f"submit {number}", lambda: self.life.submit(number, package(number)), fate)
        self.life.act("heal", self.life.heal)

    @rule(fate=FATES)
    def back_up(self, fate: Fate) -> None:
        self.backups += 1
        self.life.act("back up", lambda: run_backup(self.life.house.archive, OPERATOR), fate)

    def teardown(self) -> None:
        try:
            with self.life.house.archive.look(THE_ARCHIVE) as work:
                for sip_id in self.gone_back:
                    sip = work.session.get_one(Sip, sip_id)
                    assert (sip.state, sip.dossier_id) == (SipState.returned, None), self.life.told
                good = work.session.scalars(
                    select(BackupSet).where(BackupSet.state == BackupState.good)
                ).all()
            assert good or not self.backups, self.life.told
        finally:
            super().teardown()


def without_it(life: Life, sent: Package) -> None:
    """Whatever is possible while a root is away; the rest is refused for now, and nothing else."""
    house = life.house
    with suppress(TryLater):
        sip_id = receive(house, sent.container).sip_id
        drain(house.archive)
        if sip_of(house.archive, sip_id).state is SipState.awaiting_decision:
            accept(house, sip_id)
    for _ in range(12):
        house.clock.advance(hours=2)
        tick(house.archive)
        drain(house.archive)
