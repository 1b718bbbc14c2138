"""Promise 3: a submission interrupted anywhere gives its AIP, once, or nothing."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain
from ingest.accept import accept_sip
from ingest.models import Sip, SipState
from ingest.receive import receive_sip
from preservation.models import Copy, CopyState, Dossier
from preservation.ocfl.store import object_ids
from preservation.ocfl.validate import check
from tests.archives import MORNING, House, make_house
from tests.builders import BagBuilder
from tests.faults.crashes import calls, killed_at


def accepted(folder: Path) -> tuple[House, Sip]:
    """An archive whose officer has just said yes to a package; nothing is stored yet."""
    house = make_house(folder)
    bag = BagBuilder(documents=1, content=b"To trinh ve viec luu tru\n").zip(folder / "goi.zip")
    with bag.open("rb") as stream:
        receipt = receive_sip(
            house.archive, house.actor("producer"), stream, name="goi.zip", media_type="application/zip"
        )
    drain(house.archive)
    with house.archive.work(house.actor("officer")) as work:
        sip = work.session.get_one(Sip, receipt.sip_id)
        assert sip.state is SipState.awaiting_decision
        accept_sip(work, sip.id, seen=range(1, 50), version=sip.row_version)
    return house, sip


def reopen(folder: Path, hours: int = 0) -> Archive:
    clock = MovableClock(MORNING)
    clock.advance(hours=1 + hours)
    return Archive(Settings(data=folder / "var"), clock)


def test_killed_at_every_call_while_storing_the_dossier_is_stored_once(tmp_path: Path) -> None:
    house, sip = accepted(tmp_path / "before")
    house.archive.close()
    for at in calls():
        folder = tmp_path / f"n{at}"
        shutil.copytree(tmp_path / "before", folder)
        killed = killed_at(partial(reopen, folder), drain, at)
        assert_stored_once(folder, sip)
        shutil.rmtree(folder)
        if not killed:
            break
    assert at > 20, "the bomb counted too little to have been in the way"


def assert_stored_once(folder: Path, sip: Sip) -> None:
    """After a restart and the lease's end everything is as if nothing had happened."""
    archive = reopen(folder, hours=1)
    try:
        drain(archive)
        with archive.look(THE_ARCHIVE) as work:
            assert work.session.get_one(Sip, sip.id).state is SipState.stored
            assert work.session.scalar(select(func.count()).select_from(Dossier)) == 1
            dossier = work.session.scalars(select(Dossier)).one()
            assert {c.state for c in work.session.scalars(select(Copy))} == {CopyState.verified}
        for store in archive.stores.values():
            assert dossier.object_id in list(object_ids(store))
            assert list(check(store)) == []
        assert archive.index.count() == 2
    finally:
        archive.close()
