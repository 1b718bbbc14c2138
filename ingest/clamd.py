"""A client of the ClamAV daemon: its INSTREAM command over TCP (clamd(8)), nothing else.

The stream's bytes leave this process for the daemon only. Whether it knows much is the operator's affair: an old
signature base answers "clean" as gladly.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from archive_service.kernel.digests import chunks

PORT = 3310
CONNECT_S, ANSWER_S = 10.0, 300.0
_BLOCK = 1 << 17
_LONGEST_ANSWER = 4096
_LENGTH = struct.Struct("!I")


class ScannerAway(RuntimeError):
    """The configured scanner does not answer, or not as one: our fault, the package waits."""


@dataclass(frozen=True, slots=True)
class Clean:
    pass


@dataclass(frozen=True, slots=True)
class Infected:
    name: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Over a limit of the daemon: not scanned, or not wholly, and never to be called clean."""


def scan(url: str, stream: BinaryIO) -> Clean | Infected | TooLarge:
    """The daemon's word on one file. `url` is clamd://host[:port]. Raises ScannerAway, ValueError for the address."""
    address = urlsplit(url)
    if address.scheme != "clamd" or not address.hostname:
        raise ValueError(f"{url!r} is not clamd://host:port")
    try:
        with socket.create_connection((address.hostname, address.port or PORT), CONNECT_S) as connection:
            connection.settimeout(ANSWER_S)
            answer = _converse(connection, stream)
    except OSError as error:
        raise ScannerAway(f"clamd at {address.hostname}:{address.port or PORT}: {error}") from error
    return _read(answer)


def _converse(connection: socket.socket, stream: BinaryIO) -> str:
    try:
        connection.sendall(b"zINSTREAM\0")
        for block in chunks(stream, _BLOCK):
            connection.sendall(_LENGTH.pack(len(block)) + block)
        connection.sendall(_LENGTH.pack(0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the daemon stops listening at its limit: it has said so before it hung up
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        if not (block := connection.recv(_LONGEST_ANSWER)):
            break
        answer += block
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _read(answer: str) -> Clean | Infected | TooLarge:
    if answer == "stream: OK":
        return Clean()
    if answer.startswith("stream: Heuristics.Limits.Exceeded"):
        return TooLarge()  # AlertExceedsMax: it stopped at a limit, and found nothing before
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return Infected(answer.removeprefix("stream: ").removesuffix(" FOUND"))
    if "size limit exceeded" in answer:
        return TooLarge()
    raise ScannerAway(f"clamd answered {answer[:200]!r}")
