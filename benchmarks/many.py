"""Many small dossiers through the whole way, one after another: the rate of each tenth, and memory after it.

`python -m benchmarks many` takes 200 of them; `python -m benchmarks.many 10000` as many as are said.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.ingest import do, store, worker
from tests.archives import make_house
from tests.builders import BagBuilder

DOSSIERS = 200


def run(dossiers: int = DOSSIERS) -> Iterator[str]:
    """A line of the table after each tenth: growth would show as a falling rate or rising memory."""
    with TemporaryDirectory() as folder:
        here = Path(folder)
        house = make_house(here)
        tenth = max(dossiers // 10, 1)
        try:
            with worker(house.archive.settings.data) as process:
                for first in range(1, dossiers + 1, tenth):
                    seconds = 0.0
                    for number in range(first, first + tenth):
                        package = _package(here, number)
                        start = time.perf_counter()
                        store(house, package, partial(do, process))
                        seconds += time.perf_counter() - start
                        package.unlink()
                    held = psutil.Process(process.pid).memory_info().rss / 1e6
                    yield f"| {first + tenth - 1:,} | {tenth / seconds:.1f} | {held:.0f} MB |"
        finally:
            house.archive.close()


def _package(here: Path, number: int) -> Path:
    code = f"000.00.12.H43.2020.{number}.TTr"
    tags: dict[str, str | None] = {"FileCode": code, "FileNotation": f"{number}.TTr"}
    return BagBuilder(documents=1, dossier=tags, every_document={"FileCode": code}).zip(here / f"{code}.zip")


def main(dossiers: int = DOSSIERS) -> None:
    print("| dossiers so far | a second | worker |\n|---|---|---|")
    for line in run(dossiers):
        print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
