"""Many small dossiers through the whole way by two worker processes: the rate of each tenth, against the least it can take.

`python -m benchmarks many` takes 200 of them; `python -m benchmarks.many 10000` as many as are said.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from uuid import UUID

import bagit
import psutil
from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from benchmarks.ingest import do, worker
from ingest.accept import accept_sip
from ingest.models import Sip, SipState
from ingest.receive import receive_sip
from ingest.unpack import ZIP, unpack
from tests.archives import House, make_house
from tests.builders import BagBuilder

DOSSIERS = 200
WORKERS = 2
PEERS = 50
"""Of each tenth so many go the peer's way."""


def run(dossiers: int = DOSSIERS) -> Iterator[str]:
    """A line of the table after each tenth: growth would show as a falling rate, a rising ratio or rising memory."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        here = Path(folder)
        house = make_house(here)
        stack.callback(house.archive.close)
        workers = [stack.enter_context(worker(house.archive.settings.data)) for _ in range(WORKERS)]
        tenth = max(dossiers // 10, 1)
        for first in range(1, dossiers + 1, tenth):
            packages = [_package(here, number) for number in range(first, first + tenth)]
            start = time.perf_counter()
            _whole_way(house, packages, workers)
            ours = (time.perf_counter() - start) / tenth
            some = packages[:PEERS]
            start = time.perf_counter()
            for package in some:
                _least(package, here / "peer")
            peer = (time.perf_counter() - start) / len(some)
            shutil.rmtree(here / "peer")
            for package in packages:
                package.unlink()
            _require_stored(house, first + tenth - 1)
            held = max(psutil.Process(each.pid).memory_info().rss for each in workers) / 1e6
            done = f"{first + tenth - 1:,}"
            yield f"| {done} | {1 / ours:.1f} | {1 / peer:.1f} | {ours / peer:.1f} | {held:.0f} MB |"


def _package(here: Path, number: int) -> Path:
    code = f"000.00.12.H43.2020.{number}.TTr"
    tags: dict[str, str | None] = {"FileCode": code, "FileNotation": f"{number}.TTr"}
    return BagBuilder(documents=1, dossier=tags, every_document={"FileCode": code}).zip(here / f"{code}.zip")


def _whole_way(house: House, packages: Sequence[Path], workers: Sequence[Popen[str]]) -> None:
    received = [_receive(house, package) for package in packages]
    _work(workers)
    for sip_id in received:
        with house.archive.work(house.actor("officer")) as act:
            sip = act.session.get_one(Sip, sip_id)
            accept_sip(act, sip.id, seen=range(1, 100_000), version=sip.row_version)
    _work(workers)


def _receive(house: House, package: Path) -> UUID:
    with package.open("rb") as stream:
        got = receive_sip(
            house.archive, house.actor("producer"), stream, name=package.name, media_type="application/zip"
        )
    return got.sip_id


def _work(workers: Sequence[Popen[str]]) -> None:
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(do, workers))


def _require_stored(house: House, count: int) -> None:
    stored = select(func.count()).where(Sip.state == SipState.stored)
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalar(stored) == count


def _least(package: Path, here: Path) -> None:
    """Unpacked, validated by bagit-python, written to two folders with fsync; neither described nor found again."""
    unpacked = here / package.stem
    unpack(package, ZIP, unpacked)
    root = next(unpacked.rglob("bagit.txt")).parent
    bagit.Bag(str(root)).validate()
    for number in range(2):
        shutil.copytree(root, here / f"copies-{number}" / package.stem, copy_function=_copy_synced)
    shutil.rmtree(unpacked)


def _copy_synced(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    handle = os.open(target, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def main(dossiers: int = DOSSIERS) -> None:
    print("| dossiers so far | a second | peer, a second | ratio | worker |\n|---|---|---|---|---|")
    for line in run(dossiers):
        print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
