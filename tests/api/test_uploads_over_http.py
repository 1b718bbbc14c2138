"""Uploads over a real socket: many at once, and one that is cut."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn

from archive_service.accounts.people import enter_token
from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from tests.archives import House
from tests.sending import accept, packed, sip_of, sips


@pytest.fixture(scope="module")
def port(house: House) -> Iterator[int]:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            create_app(house.archive, work_here=False), log_level="warning", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="uvicorn-test")
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def token(house: House) -> str:
    with house.archive.work(THE_ARCHIVE) as work:
        return enter_token(work, house.people["producer"].id, "test")


def test_eight_clients_at_once_make_one_aip(house: House, port: int, token: str, tmp_path: Path) -> None:
    data = packed(tmp_path).read_bytes()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/zip"}

    def send(_: int) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{port}/api/v1/sips", content=data, headers=headers, timeout=60)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    drain(house.archive)
    (sip,) = sips(house)
    accept(house, sip)
    drain(house.archive)
    assert sip_of(house, sip.id).state == "stored"
    assert list(house.archive.staging.list()) == []


def test_a_cut_connection_leaves_nothing(house: House, port: int, token: str) -> None:
    before = len(sips(house))
    head = (
        f"POST /api/v1/sips HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/zip\r\nContent-Length: 9000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + b"x" * 3_000_000)
    folder = house.archive.settings.data / "staging"
    deadline = time.monotonic() + 20
    while [path for path in folder.rglob("*") if path.is_file()] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert len(sips(house)) == before
