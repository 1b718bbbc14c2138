"""A door in front of a real HTTP service that can be made to fail: with a status, slowly, or by cutting the line."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CUT = 0
"""The line breaks before the request is passed on."""
LOST = -1
"""The request is carried out, and the line breaks before the answer."""
HALF = -2
"""The line breaks in the middle of the answer's body."""
SLOW = 200
"""Nothing is refused; it only takes its time."""
_STATUSES = range(400, 600)
OURS = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass
class Door:
    """`shut` makes the next requests fail, `after` some that still pass; `open` ends it.

    `only`: of those whose method and path hold this text. `delay_s`: every such answer waits for so long.
    """

    upstream: str
    port: int = 0
    failing: int = 0
    passing: int = 0
    status: int = 503
    refused: int = 0
    only: str = ""
    delay_s: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shut(
        self, status: int = 503, *, times: int = 1 << 30, after: int = 0, only: str = "", delay_s: float = 0.0
    ) -> None:
        with self._guard:
            self.status, self.failing, self.passing, self.refused = status, times, after, 0
            self.only, self.delay_s = only, delay_s

    def open(self) -> None:
        self.failing = 0

    def refuses(self, request: str) -> bool:
        with self._guard:
            if not self.failing or self.only not in request:
                return False
            if self.passing:
                self.passing -= 1
                return False
            self.failing -= 1
            self.refused += 1
            return True


@contextmanager
def door(upstream: str) -> Iterator[Door]:
    made = Door(urlsplit(upstream).netloc)
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: _Handler(made, *given))
    server.daemon_threads = True
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, made: Door, *given: object) -> None:
        self.door = made
        super().__init__(*given)  # type: ignore[arg-type]

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        refused = self.door.refuses(f"{self.command} {self.path}")
        if refused:
            time.sleep(self.door.delay_s)
        if refused and self.door.status in (CUT, *_STATUSES):
            self._refuse()
            return
        line = http.client.HTTPConnection(self.door.upstream, timeout=60)
        try:
            line.request(self.command, self.path, body, dict(self.headers))
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        if refused and self.door.status == LOST:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OURS:
                self.send_header(name, value)
        # The answer to HEAD tells the length of what it does not carry.
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if refused and self.door.status == HALF:
            self.close_connection = True
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def _refuse(self) -> None:
        self.close_connection = True
        if self.door.status == CUT:
            return
        self.send_response(self.door.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on

    def log_message(self, *_: object) -> None:
        """Silent: what it refuses, the test says."""
