"""`make bench`: prints the figures as tables; `docs/benchmarks.md` holds the last ones with the machine described."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

import psutil

from benchmarks import due, fixity, identify, ingest, large, many, objects, rebuild, search
from benchmarks.measure import Ratio

RATIOS: dict[str, Callable[[], list[Ratio]]] = {
    "fixity": fixity.run,
    "identify": identify.run,
    "ingest": ingest.run,
    "large": large.run,
    "objects": objects.run,
}


def main(wanted: list[str]) -> None:
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total >> 30
    print(f"{platform.platform()}, {cores} cores, {memory} GiB, Python {platform.python_version()}\n")
    print("| what | ours, median | peer, median | ratio |\n|---|---|---|---|")
    for name, run in RATIOS.items():
        if not wanted or name in wanted:
            for ratio in run():
                print(ratio.line(), flush=True)
    if not wanted or "search" in wanted:
        print("\nsearch at 20,000 documents")
        search.main([])
    if not wanted or "due" in wanted:
        print()
        due.main()
    if not wanted or "rebuild" in wanted:
        print("\nrebuild of catalogue and index from one root")
        rebuild.main()
    if not wanted or "many" in wanted:
        print()
        many.main()
    if not wanted or "memory" in wanted:
        print("\n| what | worker, peak | largest child | tree PSS |\n|---|---|---|---|")
        for line in ingest.memory():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
