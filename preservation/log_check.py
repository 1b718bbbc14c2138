"""The audit log held against its anchors, and taken away with its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive_service.kernel.actors import Actor
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogFault, LogHead, index_faults, lines_from, verify
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive
from preservation.roots import anchors_outside

FORMAT = "urn:vn-archive:log-export:1"
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Chain:
    """What the walk found. `anchored`: the newest entry that a marker outside the database vouches for (0: none)."""

    entries: int
    anchored: int
    faults: tuple[LogFault, ...]
    checked_at: datetime


def check_chain(archive: Archive, actor: Actor) -> Chain:
    """Walks the whole chain, streamed; at most `MOST_FAULTS` faults are told. For those who may read the log."""
    anchors = anchors_outside(archive)
    with archive.look(actor) as work:
        work.allow(Permission.read_log)
        walked = verify(lines_from(work.session), anchors, archive.keys.public)
        faults = tuple(islice(chain(walked, index_faults(work.session)), MOST_FAULTS))
        head = work.session.get_one(LogHead, 1)
        newest = max((anchor.number for anchor in anchors), default=0)
        return Chain(head.number, newest, faults, work.now())


def export_log(archive: Archive, actor: Actor) -> Iterator[bytes]:
    """The chain as lines of JSON: first the anchors and the public key, then each entry with the bytes that were hashed.

    The export itself is in the log before its first line leaves.
    """
    with archive.work(actor) as work:
        work.allow(Permission.read_log)
        work.record_of(Verb.log_exported, "log", None)
    key = archive.keys.public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    anchors = [asdict(anchor) for anchor in anchors_outside(archive)]
    return _lines(archive, actor, {"format": FORMAT, "public_key": key, "anchors": anchors})


def _lines(archive: Archive, actor: Actor, first: dict[str, object]) -> Iterator[bytes]:
    yield json.dumps(first).encode() + b"\n"
    with archive.look(actor) as work:
        for line in lines_from(work.session):
            told = {"body": line.body.decode(), "salt": line.salt, "detail": line.detail}
            yield json.dumps(told, ensure_ascii=False).encode() + b"\n"
