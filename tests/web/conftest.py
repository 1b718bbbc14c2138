"""The preview served for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi.testclient import TestClient

from tests.web.preview import make_app


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
