"""Uploads over a real socket: many at once, and one that is cut."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import uvicorn

from archive_service.accounts.people import enter_token
from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from tests.archives import House
from tests.cli.terminal import Terminal
from tests.sending import accept, another, packed, sip_of, sips


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
    folder = house.archive.settings.data / "staging"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + b"x" * 3_000_000)
        # Cut only once bytes of it lie on the disk: before that there is nothing that could be left behind.
        assert _soon(lambda: _files(folder) != [])
    assert _soon(lambda: _files(folder) == [])
    assert len(sips(house)) == before


def _files(folder: Path) -> list[str]:
    # Not by rglob: it raises where a folder goes away while it looks.
    return [name for _, _, names in os.walk(folder) for name in names]


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def test_archive_submit_sends_a_package_and_waits_for_its_findings(
    house: House,
    port: int,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SUBMIT_TOKEN", token)
    archive, package = Terminal(monkeypatch, capsys), packed(tmp_path, another("81"))
    words = ("submit", package, "--url", f"http://127.0.0.1:{port}", "--json")
    first = archive(*words)
    drain(house.archive)
    again = archive(*words, "--wait")
    told = [json.loads(said.out) for said in (first, again)]
    assert [each["known"] for each in told] == [False, True]
    assert [each["state"] for each in told] == ["received", "awaiting_decision"]
    assert sip_of(house, UUID(told[0]["sip_id"])).container_name == package.name


def test_archive_submit_says_what_is_wrong_with_the_package(
    house: House,
    port: int,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = Terminal(monkeypatch, capsys)
    package = packed(tmp_path, another("82", added="data/thua.txt"))
    words = ("--language", "vi", "submit", package, "--url", f"http://127.0.0.1:{port}", "--token", token)
    archive(*words)
    drain(house.archive)
    said = archive(*words, "--wait")
    assert said.code == 1 and "chờ lưu trữ viên quyết định" in said.out
    assert "LỖI [" in said.out and "data/thua.txt" in said.out


def test_archive_submit_tells_what_the_archive_said(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = Terminal(monkeypatch, capsys)(
        "--language", "en", "submit", packed(tmp_path), "--url", f"http://127.0.0.1:{port}", "--token", "x"
    )
    assert said.code == 2 and said.err.startswith("The archive does not take the token")
