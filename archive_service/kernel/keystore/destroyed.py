"""The keystore's own log of destroyed keys: append-only lines, each with the digest of the one before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive_service.kernel.objects.disk import fsync_folder

LOG = "destroyed.jsonl"
START = "0" * 64


class LogBroken(Exception):
    """A line was changed, is missing, or is no line."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    number: int
    owner: str
    at: str
    ground: str
    before: str
    """SHA-256 of the line before, without its line end."""

    def line(self) -> bytes:
        told = {name: getattr(self, name) for name in ("number", "owner", "at", "ground", "before")}
        return json.dumps(told, sort_keys=True, ensure_ascii=False).encode()

    def digest(self) -> str:
        return hashlib.sha256(self.line()).hexdigest()


def following(before: Destroyed | None, *, owner: str, at: str, ground: str) -> Destroyed:
    if before is None:
        return Destroyed(1, owner, at, ground, START)
    return Destroyed(before.number + 1, owner, at, ground, before.digest())


def read_log(data: bytes) -> list[Destroyed]:
    """Every line, the chain walked. A last line without its end was cut by a crash and does not count.

    Raises `LogBroken` with the number of the first line that is not as it must be.
    """
    found: list[Destroyed] = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            each = Destroyed(**json.loads(line))
        except (ValueError, TypeError):
            raise LogBroken(str(number)) from None
        before = found[-1].digest() if found else START
        if each.line() != line or (each.number, each.before) != (number, before):
            raise LogBroken(str(number))
        found.append(each)
    return found


def append(path: Path, entries: Iterable[Destroyed]) -> None:
    """Adds lines behind the whole ones; on the disk when this returns."""
    new = not path.exists()
    with path.open("ab") as stream:
        size = stream.tell()
        if size:
            whole = path.read_bytes().rfind(b"\n") + 1
            stream.truncate(whole)
            stream.seek(whole)
        for each in entries:
            stream.write(each.line() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    if new:
        fsync_folder(path.parent)
