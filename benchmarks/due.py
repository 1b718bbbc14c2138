"""Picking what to audit, what to look at, and the figures of the page: at 10,000 and at 1,000,000 copies."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import insert

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.audits.coverage import coverage, keep_snapshot
from preservation.audits.quick import due_for_a_look
from preservation.audits.slices import due_copies
from preservation.models import Copy, CopyState, Dossier
from tests.archives import House, make_house

SMALL, LARGE = 10_000, 1_000_000
TAKEN = 2_000
"""Copies that a run takes, the default of the setting `run_objects`."""
PAGE = 10_000
TURNS = 15
Asked = Callable[[Archive], object]


def asked(archive: Archive) -> object:
    with archive.look(THE_ARCHIVE) as work:
        return coverage(work)


ASKED: dict[str, Asked] = {
    "what to audit": lambda archive: due_copies(archive, TAKEN, False, frozenset()),
    "what to look at quickly": lambda archive: due_for_a_look(archive, TAKEN, {"kho-chinh", "ban-sao"}),
    "the figures of the page": asked,
}


def main() -> None:
    print("| asked of the catalogue (SQLite) | 10,000 copies | 1,000,000 copies | ratio |\n|---|---|---|---|")
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        small, large = (_filled(Path(f), count) for f, count in ((one, SMALL), (other, LARGE)))
        for what, ask in ASKED.items():
            # In turns: a machine that slows down slows both.
            pairs = [(_seconds(ask, small.archive), _seconds(ask, large.archive)) for _ in range(TURNS)]
            ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
            print(
                f"| {what} | {ours * 1000:.1f} ms | {theirs * 1000:.1f} ms | {theirs / ours:.2f} |",
                flush=True,
            )
        small.archive.close()
        large.archive.close()


def _filled(folder: Path, count: int) -> House:
    """Copies of two roots, read one after another over the period, so that a slice of them is due."""
    house = make_house(folder)
    now = house.clock.now()
    shared = {
        "agency_id": house.agency.id, "unit_id": house.unit.id, "fonds_id": house.fonds.id, "title": "", "title_key": "",
        "regime": "TT02_2019", "accepted_at": now, "tags": {}, "submission": {}, "tombstone": {},
    }  # fmt: skip
    period = timedelta(days=house.archive.settings.fixity_days)
    for start in range(0, count // 2, PAGE):
        numbers = range(start, min(start + PAGE, count // 2))
        with house.archive.work(THE_ARCHIVE) as work:
            dossiers = [
                {"id": UUID(int=n + 1), "code": str(n), "object_id": f"urn:uuid:{n}", **shared}
                for n in numbers
            ]
            work.session.execute(insert(Dossier), dossiers)
            work.session.execute(
                insert(Copy),
                [
                    {
                        "dossier_id": UUID(int=n + 1),
                        "root_id": root,
                        "state": CopyState.verified,
                        "verified_at": now - period * (n * 2 / count),
                        "next_check": now + period * (1 - n * 2 / count),
                        "next_quick": now - timedelta(seconds=n),
                    }
                    for n in numbers
                    for root in ("kho-chinh", "ban-sao")
                ],
            )
    keep_snapshot(house.archive)
    return house


def _seconds(ask: Asked, archive: Archive) -> float:
    start = time.perf_counter()
    ask(archive)
    return time.perf_counter() - start
