"""An archive behind its API, and clients that act for named people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from archive_service.accounts.people import enter_token
from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from tests.archives import House, make_house

Client = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for a module: furnishing takes long."""
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


@pytest.fixture(scope="module")
def client(house: House) -> Client:
    """`client("reader")` sends that person's token with every request. Jobs run only by `drain`."""
    app = create_app(house.archive, work_here=False)

    def made(who: str) -> TestClient:
        with house.archive.work(THE_ARCHIVE) as work:
            token = enter_token(work, house.people[who].id, "test")
        return TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)

    return made
