"""The preview served for a browser, and people at the real pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi.testclient import TestClient

from archive_service.accounts.signin import HASHER
from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.people import Password
from tests.archives import PASSWORD, House
from tests.web.preview import make_app
from tests.web.visits import ADDRESS, Browser

HASHED = HASHER.hash(PASSWORD)
"""Made once: the hash is slow on purpose."""


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The address of the preview on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(make_app(), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(make_app()) as made:
        yield made


@pytest.fixture
def visit(house: House) -> Iterator[Callable[..., Browser]]:
    """`visit("officer")`: that person, signed in; `visit()`: a stranger. All of them at one application."""
    with house.archive.work(THE_ARCHIVE) as work:
        for person in house.people.values():
            work.session.add(Password(person_id=person.id, argon2=HASHED, changed_at=work.now()))
    app = create_app(house.archive, work_here=False)

    def come(name: str = "") -> Browser:
        browser = Browser(app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=True)
        if name:
            username = house.people[name].username if name in house.people else name
            assert browser.sign_in(username).status_code == 303
        return browser

    yield come
