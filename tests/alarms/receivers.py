"""Receivers of alarms in this process: a real HTTP server and a real SMTP server, each on a port of its own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class HttpReceiver(ThreadingHTTPServer):
    def __init__(self, port: int = 0) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.status, self.location = 200, ""
        super().__init__(("127.0.0.1", port), _Post)


class _Post(BaseHTTPRequestHandler):
    server: HttpReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((body, dict(self.headers)))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class SmtpReceiver(socketserver.ThreadingTCPServer):
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        self.letters: list[tuple[list[str], bytes]] = []
        self.refuse = ""
        super().__init__(("127.0.0.1", port), _Letter)


class _Letter(socketserver.StreamRequestHandler):
    server: SmtpReceiver

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 thu.example")
        to: list[str] = []
        while line := self.rfile.readline():
            word = line.decode().strip()
            if word.upper().startswith("RCPT"):
                if self.server.refuse and self.server.refuse in word:
                    self.say("550 no such box")
                    continue
                to.append(word[8:].strip("<>"))
            if word.upper() == "QUIT":
                return self.say("221 bye")
            if word.upper() != "DATA":
                self.say("250 ok")
                continue
            self.say("354 go on")
            lines = []
            while (each := self.rfile.readline()) != b".\r\n":
                lines.append(each)
            self.server.letters.append((to, b"".join(lines)))
            self.say("250 taken")
        return None


@contextmanager
def served(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
