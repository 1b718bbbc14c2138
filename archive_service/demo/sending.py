"""Packages go in as a document-management system sends them: over HTTP, by token, with their digest."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from archive_service.app import create_app
from archive_service.demo.dossiers import DemoPackage
from archive_service.demo.labour import work_off
from archive_service.demo.stage import Stage, sender_of
from archive_service.demo.telling import Teller
from archive_service.work import Archive
from ingest.containers import ZIP

PATIENCE_SECONDS = 20.0


class NotServed(Exception):
    """The server did not start: most likely something else listens on the port."""


@contextmanager
def served(archive: Archive, port: int) -> Iterator[str]:
    """The application over real HTTP in a thread of this process; gives its address. Jobs are not done by it."""
    app = create_app(archive, work_here=False)
    # Without lifespan: its end would close the archive, which plays on.
    config = uvicorn.Config(app, port=port, lifespan="off", log_level="error", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="http", daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise NotServed(f"127.0.0.1:{port}")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def send_packages(stage: Stage, teller: Teller, address: str, packages: Sequence[DemoPackage]) -> None:
    """Uploads all, one of them twice, and lets the archive judge them."""
    teller.act(
        "Các cơ quan gửi gói qua HTTP; kho kiểm tra từng gói",
        "Agencies send their packages over HTTP; the archive checks each",
        "/sips",
    )
    with httpx.Client(base_url=address, timeout=60) as client:
        _send_all(client, stage, teller, packages)
        again = send(client, stage, packages[0])
    teller.result(
        f"Gửi {len(packages)} gói; gói đầu gửi lại lần hai: máy chủ trả lời {again.status_code}, không thêm gói nào",
        f"{len(packages)} packages sent; the first one sent again: answered {again.status_code}, no second one",
    )
    work_off(stage.archive, teller, "Kiểm tra gói", "Checking")


def send_late_ones(stage: Stage, teller: Teller, address: str, packages: Sequence[DemoPackage]) -> None:
    """Today's packages: checked, and left in the inbox."""
    teller.act(
        "Hôm nay có gói mới gửi đến; kho kiểm tra, lưu trữ viên chưa quyết định",
        "New packages come today; the archive checks them, the officer has not decided yet",
        "/sips",
    )
    with httpx.Client(base_url=address, timeout=60) as client:
        _send_all(client, stage, teller, packages)
    work_off(stage.archive, teller, "Kiểm tra gói", "Checking")


def _send_all(client: httpx.Client, stage: Stage, teller: Teller, packages: Sequence[DemoPackage]) -> None:
    with teller.bar("Gửi gói", "Sending") as bar:
        bar.expect(len(packages))
        for package in packages:
            send(client, stage, package)
            bar.advance()


def send(client: httpx.Client, stage: Stage, package: DemoPackage) -> httpx.Response:
    return post(client, stage.tokens[sender_of(package.agency)], package.path)


def post(client: httpx.Client, token: str, package: Path) -> httpx.Response:
    """One upload. Raises `httpx.HTTPStatusError` when the archive does not take it in."""
    data = package.read_bytes()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": ZIP,
        "Content-Disposition": f'attachment; filename="{package.name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }
    return client.post("/api/v1/sips", content=data, headers=headers).raise_for_status()
