"""A service is away for a while: nothing is lost, the job says so, and the work goes on when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from archive_service.accounts.people import enter_token
from archive_service.app import create_app
from archive_service.kernel import jobs
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import JobState
from archive_service.kernel.settings import Credentials, Root
from archive_service.worker import drain, run_job
from ingest.models import SipState
from preservation.reading.find import find
from preservation.reading.read import open_file
from retention.models import ListState
from search.index import IndexAway, Query
from tests.archives import House, make_house
from tests.faults.crashes import calls
from tests.faults.dossiers import (
    accepted,
    assert_waiting,
    assert_whole,
    file_of,
    job_of,
    jobs_of,
    package,
    receive,
    sip_of,
    stored,
)
from tests.faults.proxy import CUT, LOST, Door, door
from tests.faults.warm import WarmSandbox
from tests.retention.shelf import Hands, bytes_left
from tests.services.clamd import Clamd
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.s3 import S3

#: A server is on the leash of the thread that started it: one started by a root's writer would end with that writer.
HANDS = ThreadPoolExecutor(1)


def built(folder: Path, sandbox: WarmSandbox, **settings: Any) -> House:
    house = make_house(folder, **settings)
    house.archive.__dict__["sandbox"] = sandbox
    return house


def later(house: House) -> None:
    house.clock.advance(hours=2)
    drain(house.archive)


def dossier_of(house: House, sip_id: UUID) -> UUID:
    sip = sip_of(house.archive, sip_id)
    assert sip.state is SipState.stored and sip.dossier_id
    return sip.dossier_id


@pytest.fixture
def s3_door(s3_server: S3) -> Iterator[Door]:
    with door(s3_server.endpoint) as opened:
        yield opened


@pytest.fixture
def bucket_house(tmp_path: Path, s3_server: S3, s3_door: Door, warm_sandbox: WarmSandbox) -> Iterator[House]:
    """Its second root is a bucket behind the door."""
    keys = Credentials(access_key=s3_server.access_key, secret_key=s3_server.secret_key)  # type: ignore[arg-type]
    bucket = f"s3://{s3_server.new_bucket()}?endpoint={s3_door.url}"
    first = Root(id="kho-chinh", url=(tmp_path / "one").as_uri(), failure_domain="1")
    second = Root(id="ban-sao", url=bucket, failure_domain="2", credentials="s3")
    house = built(tmp_path, warm_sandbox, storage=[first, second], credentials={"s3": keys})
    yield house
    house.archive.close()


@pytest.mark.parametrize(("status", "after"), [(500, 0), (503, 9), (CUT, 14)])
def test_s3_that_fails_keeps_the_package_waiting_and_nothing_half(
    bucket_house: House, s3_door: Door, tmp_path: Path, status: int, after: int
) -> None:
    sip_id = accepted(bucket_house, tmp_path / "sent")
    drain_but_storing(bucket_house)
    s3_door.shut(status, after=after)
    run_job(bucket_house.archive, job_of(bucket_house.archive, "store_sip").id)
    assert sip_of(bucket_house.archive, sip_id).state is SipState.accepted
    assert s3_door.refused
    assert_waiting(bucket_house, "store_sip", "ban-sao")
    s3_door.open()
    later(bucket_house)
    assert_whole(bucket_house.archive, dossier_of(bucket_house, sip_id))


def test_an_answer_that_is_lost_at_any_write_stores_the_dossier_once(
    bucket_house: House, s3_door: Door, tmp_path: Path
) -> None:
    """What was done and not told is asked for again, and refused as already there: by ourselves."""
    for number in calls(every=7):
        sip_id = accepted(bucket_house, tmp_path / f"sent-{number}", number=number)
        drain_but_storing(bucket_house)
        s3_door.shut(LOST, only="PUT ", times=1, after=number - 1)
        run_job(bucket_house.archive, storing_job(bucket_house))
        s3_door.open()
        later(bucket_house)
        assert_whole(bucket_house.archive, dossier_of(bucket_house, sip_id))
        if not s3_door.refused:
            break
    assert number > 6, "no write was left out"


def storing_job(house: House) -> UUID:
    (job,) = (job for job in jobs_of(house.archive, "store_sip") if job.state is not JobState.done)
    return job.id


def drain_but_storing(house: House) -> None:
    """All other work is done, so that the door counts the requests of one job."""
    storing = storing_job(house)
    with house.archive.look(THE_ARCHIVE) as work:
        due = jobs.due(work.session, house.clock.now())
    for each in due:
        if each != storing:
            run_job(house.archive, each)


def test_s3_that_fails_twice_is_asked_again_at_once(
    bucket_house: House, s3_door: Door, tmp_path: Path
) -> None:
    sip_id = accepted(bucket_house, tmp_path / "sent")
    s3_door.shut(500, times=2, after=6)
    drain(bucket_house.archive)
    assert s3_door.refused == 2
    assert_whole(bucket_house.archive, dossier_of(bucket_house, sip_id))


@pytest.fixture
def search_door(elasticsearch_url: str) -> Iterator[Door]:
    with door(elasticsearch_url) as opened:
        yield opened


@pytest.fixture
def search_house(tmp_path: Path, search_door: Door, warm_sandbox: WarmSandbox) -> Iterator[House]:
    name = f"away-{uuid4().hex[:8]}"
    house = built(tmp_path, warm_sandbox, search=search_door.url, search_index=name)
    yield house
    house.archive.close()


def test_a_dossier_is_stored_and_read_while_the_index_is_away_and_found_when_it_is_back(
    search_house: House, search_door: Door, tmp_path: Path
) -> None:
    house, reader = search_house, search_house.actor("reader")
    house.archive.index.probe()
    search_door.shut(CUT)
    dossier_id = stored(house, tmp_path / "sent")
    assert_waiting(house, "index_dossier", "Search is away")
    with pytest.raises(IndexAway):  # never "0 hits"
        find(house.archive, reader, Query(text="tờ trình"))
    with open_file(house.archive, reader, file_of(house.archive, dossier_id)) as opened:
        assert opened.stream.read()
    search_door.open()
    later(house)
    assert find(house.archive, reader, Query(text="tờ trình")).page.total == 2


def test_no_certificate_while_the_index_is_away(
    search_house: House, search_door: Door, tmp_path: Path
) -> None:
    house, hands = search_house, Hands(search_house)
    dossier_id = stored(house, tmp_path / "sent")
    list_id = hands.started(dossier_id)
    search_door.shut(503)
    drain(house.archive)
    assert (hands.listed(list_id).state, bytes_left(house, dossier_id)) == (ListState.copies_owed, [])
    search_door.open()
    later(house)
    assert hands.listed(list_id).state is ListState.certified
    assert house.archive.index.count() == 0


def test_a_package_waits_for_the_scanner_and_is_never_called_clean(
    clamd_server: Clamd, tmp_path: Path, warm_sandbox: WarmSandbox
) -> None:
    house = built(tmp_path, warm_sandbox, malware=clamd_server.url)
    clamd_server.kill()
    receipt = receive(house, package(tmp_path / "sent"))
    drain(house.archive)
    assert sip_of(house.archive, receipt.sip_id).state is SipState.checking
    assert_waiting(house, "process_sip", "ScannerAway")
    clamd_server.start()
    later(house)
    judged = sip_of(house.archive, receipt.sip_id)
    assert (judged.state, judged.errors) == (SipState.awaiting_decision, 0)
    house.archive.close()


def test_a_broker_that_is_away_delays_work_and_loses_none(
    redis_server: Redis, tmp_path: Path, warm_sandbox: WarmSandbox
) -> None:
    """The request succeeds all the same; the sweep nudges what the broker never heard of."""
    house = built(tmp_path, warm_sandbox, queue=redis_server.url)
    redis_server.kill()
    receipt = receive(house, package(tmp_path / "sent"))
    assert receipt.new and job_of(house.archive, "process_sip").state is JobState.queued
    redis_server.start()
    drain(house.archive)
    assert sip_of(house.archive, receipt.sip_id).state is SipState.awaiting_decision
    house.archive.close()


@pytest.fixture
def postgres_house(
    postgres_server: Postgres, fresh_postgres: str, tmp_path: Path, warm_sandbox: WarmSandbox
) -> Iterator[House]:
    house = built(tmp_path, warm_sandbox, database=fresh_postgres)
    yield house
    house.archive.close()


def test_a_database_that_restarts_while_bytes_are_written_is_not_noticed(
    postgres_house: House, postgres_server: Postgres, tmp_path: Path
) -> None:
    sip_id = accepted(postgres_house, tmp_path / "sent")

    def restart() -> None:
        postgres_server.kill()
        postgres_server.start()

    before_next_tree(postgres_house, restart)
    drain(postgres_house.archive)
    assert_whole(postgres_house.archive, dossier_of(postgres_house, sip_id))


def test_a_job_whose_database_is_gone_is_taken_up_after_its_lease(
    postgres_house: House, postgres_server: Postgres, tmp_path: Path
) -> None:
    sip_id = accepted(postgres_house, tmp_path / "sent")
    before_next_tree(postgres_house, postgres_server.kill)
    try:
        with pytest.raises(OperationalError):
            drain(postgres_house.archive)
    finally:
        postgres_server.start()
    assert sip_of(postgres_house.archive, sip_id).state is SipState.accepted
    assert job_of(postgres_house.archive, "store_sip").state is JobState.running
    later(postgres_house)
    assert_whole(postgres_house.archive, dossier_of(postgres_house, sip_id))


def test_pages_and_the_api_say_that_the_database_is_away_until_it_is_back(
    postgres_house: House, postgres_server: Postgres
) -> None:
    with postgres_house.archive.work(THE_ARCHIVE) as work:
        token = enter_token(work, postgres_house.people["officer"].id, "test")
    asking = {"Authorization": f"Bearer {token}"}
    app = create_app(postgres_house.archive, work_here=False)
    browser = TestClient(app, cookies={"archive_session": "somebody"})
    postgres_server.kill()
    try:
        page, answer = browser.get("/sips"), browser.get("/api/v1/sips", headers=asking)
    finally:
        postgres_server.start()
    assert page.status_code == answer.status_code == 503
    assert "Cơ sở dữ liệu tạm ngừng" in page.text and "Mã sự cố" in page.text
    assert answer.json()["title"] == "database-away" and answer.json()["incident"]
    assert browser.get("/api/v1/sips", headers=asking).status_code == 200


def before_next_tree(house: House, act: Callable[[], None]) -> None:
    store = house.archive.stores["kho-chinh"]
    real = store.put_tree

    def put_tree(prefix: str, entries: Any) -> None:
        if "urn%3auuid" in prefix:  # a dossier, no system object
            store.put_tree = real  # type: ignore[method-assign]
            HANDS.submit(act).result()
        real(prefix, entries)

    store.put_tree = put_tree  # type: ignore[method-assign]
