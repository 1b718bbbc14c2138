"""What is told while the database cannot work: come again. What is our own fault is never told so."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from archive_service.accounts.people import enter_token
from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from tests.archives import House


@pytest.fixture
def browser(house: House) -> TestClient:
    with house.archive.work(THE_ARCHIVE) as work:
        token = enter_token(work, house.people["officer"].id, "test")
    app = create_app(house.archive, work_here=False)
    asking, cookies = {"Authorization": f"Bearer {token}"}, {"archive_session": "somebody"}
    return TestClient(app, headers=asking, cookies=cookies, raise_server_exceptions=False)


def test_a_wrong_statement_is_our_fault_and_no_outage(house: House, browser: TestClient) -> None:
    """SQLite calls it operational: told as an outage, every client would come again for ever."""
    with house.archive.engine.begin() as connection:
        connection.execute(text("ALTER TABLE sip RENAME COLUMN state TO stated"))
    answer = browser.get("/api/v1/sips")
    assert answer.status_code == 500 and answer.json()["incident"]


def test_no_free_connection_is_told_as_an_outage(house: House, browser: TestClient) -> None:
    url = house.archive.settings.database
    house.archive.engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with house.archive.engine.connect():
        answer = browser.get("/api/v1/sips")
    assert (answer.status_code, answer.json()["title"]) == (503, "database-away")


def test_without_a_database_an_address_that_is_none_is_still_none(house: House, browser: TestClient) -> None:
    house.archive.engine.dispose()
    file = house.archive.settings.data / "archive.db"
    file.rename(file.with_name("away.db"))
    file.mkdir()  # not even a new one can be made there
    assert browser.get("/sips").status_code == 503
    assert browser.get("/no-such-page").status_code == 404
