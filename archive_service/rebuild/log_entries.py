"""The audit log out of its segments, and the newest entries out of the tail beside each marker."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archive_service.kernel import log as audit_log
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import insert_rows
from archive_service.kernel.digests import chunks
from archive_service.kernel.log import LogEntry, LogHead
from archive_service.kernel.objects import BadKey, ObjectMissing, StoreAway
from archive_service.rebuild.found import NotReadable, Stores, fetch
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.rebuild.tables import SystemFound
from archive_service.work import Archive
from preservation.roots.markers import anchors_outside
from preservation.system.objects import LOG, TAIL, segment_range

log = logging.getLogger(__name__)
BATCH = 1_000
NOBODY = UUID(int=0)


def bring_log(
    target: Archive,
    system: list[SystemFound],
    stores: Stores,
    folder: Path,
    report: RebuildReport,
    progress: Progress,
) -> None:
    """Every entry that follows on the one before, then the verdict on the whole chain against the anchors."""
    head = LogHead()
    for path in _segments(system, folder, report):
        _bring_file(target, path, head, progress)
    for path in _tails(target, stores, folder):
        _bring_file(target, path, head, progress)
    with target.work(OPERATOR) as work:
        work.session.add(LogHead(number=head.number, digest=head.digest, at=head.at))
    report.log_entries = head.number
    _verify(target, report)


def _segments(system: list[SystemFound], folder: Path, report: RebuildReport) -> Iterator[Path]:
    """The files of all segments by their first number; a month's object may have a sibling."""
    parts = sorted(
        (segment_range(path), path, each.found)
        for each in system
        if each.kind == LOG
        for path in each.found.inventory.files()
    )
    for _, path, found in parts:
        try:
            yield fetch(found, path, folder / "segment")
        except NotReadable as error:
            report.miss(str(error))


def _tails(target: Archive, stores: Stores, folder: Path) -> list[Path]:
    """The tails of all roots; first those that an anchor vouches for: a tail lies in no inventory, and may be damaged."""
    anchored = {(anchor.number, anchor.digest) for anchor in anchors_outside(target)}
    found = []
    for number, store in enumerate(stores.values()):
        path = folder / f"tail{number}"
        try:
            with store.open(TAIL, fresh=True) as stream, path.open("wb") as out:
                for block in chunks(stream):
                    out.write(block)
        except (ObjectMissing, StoreAway, BadKey):
            continue
        found.append(path)
    return sorted(found, key=lambda path: not _vouched_for(path, anchored))


def _vouched_for(path: Path, anchored: set[tuple[int, str]]) -> bool:
    """Whether its entries are one chain through an anchor: what stands before the anchor is as it was sealed then."""
    number, digest, met = 0, "", False
    with path.open("rb") as lines:
        for line in lines:
            body = line.rstrip(b"\n")
            entry = _entry(body)
            if entry is None or (number and (entry["number"], entry["previous"]) != (number + 1, digest)):
                return False
            number, digest = entry["number"], hashlib.sha256(body).hexdigest()
            met = met or (number, digest) in anchored
    return met


def _entry(body: bytes) -> dict[str, Any] | None:
    """None for what is no entry of a log."""
    try:
        entry = json.loads(body)
        datetime.fromisoformat(entry["at"])
        UUID(entry["actor"] or str(NOBODY))
        texts = (entry["previous"], entry["verb"], entry["subject"] or "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return entry if type(entry["number"]) is int and all(isinstance(t, str) for t in texts) else None


def _bring_file(target: Archive, path: Path, head: LogHead, progress: Progress) -> None:
    """Takes the entries that continue the chain; those that are in already are passed over, a gap ends the file."""
    with path.open("rb") as lines:
        while rows := list(_batch(lines, head)):
            with target.work(OPERATOR) as work:
                insert_rows(work.session, LogEntry, rows)
            progress("log", head.number, 0)


def _batch(lines: Iterator[bytes] | Any, head: LogHead) -> Iterator[dict[str, Any]]:
    count = 0
    for line in lines:
        body = line.rstrip(b"\n")
        entry = _entry(body)
        if entry is None:
            log.warning("what follows on entry %s is no entry", head.number)
            return
        if entry["number"] <= head.number:
            continue
        if entry["number"] != head.number + 1 or entry["previous"] != head.digest:
            log.warning("entry %s does not follow on %s", entry["number"], head.number)
            return
        head.number, head.digest = entry["number"], hashlib.sha256(body).hexdigest()
        head.at = datetime.fromisoformat(entry["at"])
        yield _row(body, entry, head)
        count += 1
        if count == BATCH:
            return


def _row(body: bytes, entry: dict[str, Any], head: LogHead) -> dict[str, Any]:
    return {
        "number": head.number,
        "body": body,
        "digest": head.digest,
        "at": head.at,
        "actor_id": UUID(entry["actor"]) if entry["actor"] else None,
        "verb": entry["verb"],
        "subject_id": entry["subject"],
    }


def _verify(target: Archive, report: RebuildReport) -> None:
    anchors = anchors_outside(target)
    report.lost_anchors = sorted(each.number for each in anchors if each.number > report.log_entries)
    reached = [each for each in anchors if each.number <= report.log_entries]
    with target.look(OPERATOR) as work:
        lines = audit_log.lines_from(work.session)
        report.log_faults = list(audit_log.verify(lines, reached, target.keys.public))
