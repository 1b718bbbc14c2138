"""Promise 3: a submission interrupted anywhere gives its AIP, once, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.clock import MovableClock
from archive_service.work import Archive
from archive_service.worker import drain
from ingest.models import Sip, SipState
from ingest.receive import receive_sip, sweep_staging
from preservation.models import Dossier
from preservation.ocfl.validate import check
from tests.faults.crashes import calls, killed_at
from tests.faults.dossiers import (
    accepted,
    assert_whole,
    left_in_scratch,
    left_in_staging,
    package,
    sip_of,
)
from tests.faults.stacks import Embedded

pytestmark = pytest.mark.timeout(7200)  # every step, in `make test-deep`


def test_killed_at_every_step_while_storing_the_dossier_is_stored_once(
    stack: Embedded, tmp_path: Path
) -> None:
    house = stack.build()
    sip_id = accepted(house, tmp_path / "sent")
    house.archive.close()
    for at in calls(every=15, stride=stack.stride):
        stack.copy(name := f"n{at}")
        killed = killed_at(stack.opening(name), drain, at)
        assert_stored_once(stack, name, sip_id)
        stack.drop(name)
        if not killed:
            break
    assert at > 40, "the bomb counted too little to have been in the way"


def assert_stored_once(stack: Embedded, name: str, sip_id: UUID) -> None:
    """After a restart and the lease's end everything is as if nothing had happened."""
    archive = stack.open(name, hours=1)
    try:
        drain(archive)
        sip = sip_of(archive, sip_id)
        assert sip.state is SipState.stored and sip.dossier_id is not None
        with archive.look(THE_ARCHIVE) as work:
            assert work.session.scalar(select(func.count()).select_from(Dossier)) == 1
        assert_whole(archive, sip.dossier_id)
        assert archive.index.count() == 2
        assert left_in_staging(archive) == []
        sweep_a_week_later(archive)
        assert list(left_in_scratch(archive)) == []
        assert [list(check(store)) for store in archive.stores.values()] == [[], []]
    finally:
        archive.close()


def test_killed_at_every_step_while_receiving_the_package_sent_again_is_one(
    stack: Embedded, tmp_path: Path
) -> None:
    house = stack.build()
    container = package(tmp_path / "sent")
    send = partial(_send, house.actor("producer"), container)
    house.archive.close()
    for at in calls(every=9, stride=stack.stride):
        stack.copy(name := f"n{at}")
        killed = killed_at(stack.opening(name), send, at)
        archive = stack.open(name, hours=1)
        send(archive)
        with archive.look(THE_ARCHIVE) as work:
            assert work.session.scalars(select(Sip.state)).all() == [SipState.awaiting_decision]
        sweep_a_week_later(archive)
        assert list(left_in_scratch(archive)) == []
        assert len(left_in_staging(archive)) == 1
        archive.close()
        stack.drop(name)
        if not killed:
            break
    assert at > 15, "the bomb counted too little to have been in the way"


def _send(producer: Actor, container: bytes, archive: Archive) -> None:
    receive_sip(archive, producer, BytesIO(container), name="goi.zip", media_type="application/zip")
    drain(archive)


def sweep_a_week_later(archive: Archive) -> None:
    # Keys of staged containers carry the time of the real clock.
    assert isinstance(archive.clock, MovableClock)
    archive.clock.set(datetime.now(UTC) + timedelta(days=8))
    sweep_staging(archive)
