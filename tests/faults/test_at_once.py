"""Many do the same thing in the same second: it happens once, on both databases."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel import jobs
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job, Timetable
from archive_service.worker import drain, run_job, tick
from ingest.models import Sip, SipState
from preservation.models import Dossier
from tests.archives import House, make_house
from tests.faults.dossiers import accept, assert_whole, left_in_staging, package, receive
from tests.faults.warm import WarmSandbox

T = TypeVar("T")
CLIENTS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def busy_house(request: pytest.FixtureRequest, tmp_path: Path, warm_sandbox: WarmSandbox) -> Iterator[House]:
    settings = {}
    if request.param == "postgresql":
        settings["database"] = request.getfixturevalue("fresh_postgres")
    house = make_house(tmp_path, **settings)
    house.archive.__dict__["sandbox"] = warm_sandbox
    yield house
    house.archive.close()


def at_once(act: Callable[[int], T]) -> list[T]:
    """What eight threads get that begin together."""
    start = Barrier(CLIENTS)

    def begin(number: int) -> T:
        start.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(begin, range(CLIENTS)))


def work_all(house: House) -> None:
    """Every due job, each given to several workers at once."""
    for _ in range(10):
        with house.archive.look(THE_ARCHIVE) as work:
            due = jobs.due(work.session, house.clock.now())
        if not due:
            return
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: run_job(house.archive, each), [*due, *due]))
    raise AssertionError("work without end")


def states(house: House) -> Counter[SipState]:
    with house.archive.look(THE_ARCHIVE) as work:
        return Counter(work.session.scalars(select(Sip.state)))


def the_dossier(house: House) -> UUID:
    """Accepts what waits, stores it, and gives the only dossier that there is then."""
    with house.archive.look(THE_ARCHIVE) as work:
        waiting = work.session.scalars(select(Sip.id).where(Sip.state == SipState.awaiting_decision)).one()
    accept(house, waiting)
    work_all(house)
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Dossier.id)).one()


def test_the_same_container_from_eight_clients_at_once_is_one_dossier(
    busy_house: House, tmp_path: Path
) -> None:
    container = package(tmp_path / "sent")
    receipts = at_once(lambda _: receive(busy_house, container))
    assert len({receipt.sip_id for receipt in receipts}) == 1
    assert [receipt.new for receipt in receipts].count(True) == 1
    assert len(left_in_staging(busy_house.archive)) == 1
    work_all(busy_house)
    assert_whole(busy_house.archive, the_dossier(busy_house))
    assert states(busy_house) == {SipState.stored: 1}


def test_the_same_dossier_in_eight_containers_at_once_is_one_dossier(
    busy_house: House, tmp_path: Path
) -> None:
    container = package(tmp_path / "sent")
    containers = [repacked(container, number) for number in range(CLIENTS)]
    assert all(receipt.new for receipt in at_once(lambda n: receive(busy_house, containers[n])))
    work_all(busy_house)
    assert states(busy_house) == {SipState.awaiting_decision: 1, SipState.duplicate: CLIENTS - 1}
    assert_whole(busy_house.archive, the_dossier(busy_house))
    assert left_in_staging(busy_house.archive) == []


def repacked(container: bytes, number: int) -> bytes:
    """The same files in a container of other bytes."""
    out = BytesIO(container)
    with zipfile.ZipFile(out, "a") as package:
        package.comment = f"lần {number}".encode()
    return out.getvalue()


def test_two_schedulers_at_once_queue_each_timetable_once(busy_house: House) -> None:
    drain(busy_house.archive)
    before = kinds(busy_house)
    busy_house.clock.advance(days=2)
    at_once(lambda _: tick(busy_house.archive))
    with busy_house.archive.look(THE_ARCHIVE) as work:
        every = set(work.session.scalars(select(Timetable.kind)))
    assert kinds(busy_house) - before == dict.fromkeys(every, 1)


def kinds(house: House) -> Counter[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        return Counter(work.session.scalars(select(Job.kind)))
