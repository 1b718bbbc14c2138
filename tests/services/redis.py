"""A real Redis for tests, with its append-only file: what it has answered is there again after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.services.process import Server, answers, free_port, program, running, scratch_folder

NAME = "Redis"


@dataclass
class Redis:
    port: int
    server: Server

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()


@contextmanager
def start() -> Iterator[Redis]:
    redis_server = program("redis-server")
    with scratch_folder() as folder:
        port = free_port()
        command = [redis_server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--appendonly", "yes", "--save", ""]
        server = Server(NAME, command, folder, lambda: answers(port, b"PING\r\n", b"+PONG\r\n"))
        with running(server):
            yield Redis(port, server)
