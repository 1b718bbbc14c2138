"""The audit log held against its anchors, and taken away with its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice

from archive_service.kernel.actors import Actor
from archive_service.kernel.events import Verb
from archive_service.kernel.log import (
    Anchor,
    LogFault,
    LogHead,
    head_faults,
    index_faults,
    lines_from,
    sign_head,
    verify,
)
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.work import Archive
from preservation.roots.markers import anchors_outside
from preservation.system.log_files import FORMAT

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
        found = chain(walked, head_faults(work.session), index_faults(work.session))
        faults = tuple(dict.fromkeys(islice(found, MOST_FAULTS)))
        head = work.session.get_one(LogHead, 1)
        newest = max((anchor.number for anchor in anchors), default=0)
        return Chain(head.number, newest, faults, work.now())


def export_log(archive: Archive, actor: Actor) -> Iterator[bytes]:
    """The chain as lines of JSON: first the anchors and the public key, then each entry with the bytes that were hashed.

    The export itself is in the log before its first line leaves. The newest anchor is signed for it: no end is unproven.
    """
    with archive.work(actor) as work:
        work.allow(Permission.read_log)
        work.record_of(Verb.log_exported, "log", None)
    return _lines(archive, actor, anchors_outside(archive))


def _lines(archive: Archive, actor: Actor, outside: list[Anchor]) -> Iterator[bytes]:
    with archive.look(actor) as work:
        first = {
            "format": FORMAT,
            "archive": str(archive_state(work.session).archive_id),
            "public_key": archive.keys.public_pem(),
            "anchors": [asdict(each) for each in (*outside, sign_head(work.session, archive.keys.log))],
        }
        yield json.dumps(first).encode() + b"\n"
        for line in lines_from(work.session):
            told = {"body": line.body.decode(), "salt": line.salt, "detail": line.detail}
            yield json.dumps(told, ensure_ascii=False).encode() + b"\n"
