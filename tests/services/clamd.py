"""A real ClamAV daemon for tests, with one signature of our own: the EICAR test text anywhere in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.services.process import Server, answers, free_port, program, running, scratch_folder

NAME = "ClamAV"
STREAM_MAX_BYTES = 100 << 20
SIGNATURE = "Eicar-Test-Signature"


def eicar() -> bytes:
    """The test text that every scanner reports. Put together here: whole, it would make scanners eat our files."""
    return (r"X5O!P%@AP[4\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode()


@dataclass
class Clamd:
    port: int
    server: Server

    @property
    def url(self) -> str:
        return f"clamd://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()


@contextmanager
def start() -> Iterator[Clamd]:
    clamd = program("clamd")
    with scratch_folder() as folder:
        port, database = free_port(), folder / "database"
        database.mkdir()
        # Kind 0 = any file, offset * = anywhere: it is found inside archives and after a megabyte, too.
        (database / "own.ndb").write_text(f"{SIGNATURE}:0:*:{eicar().hex()}\n")
        config = folder / "clamd.conf"
        config.write_text(
            f"TCPSocket {port}\nTCPAddr 127.0.0.1\nDatabaseDirectory {database}\n"
            f"PidFile {folder / 'pid'}\nStreamMaxLength {STREAM_MAX_BYTES}\nForeground yes\n"
        )
        server = Server(
            NAME, [clamd, "-c", str(config)], folder, lambda: answers(port, b"zPING\0", b"PONG\0")
        )
        with running(server):
            yield Clamd(port, server)
