"""Timing whole calls in turns, and what a process tree holds in memory."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours against a peer: medians in seconds, and the median of the ratios turn by turn."""

    what: str
    ours: float
    peer: float
    ratio: float
    peer_name: str

    def line(self) -> str:
        return (
            f"| {self.what} | {self.ours:.2f} s | {self.peer:.2f} s ({self.peer_name}) | {self.ratio:.2f} |"
        )


def compare(
    what: str, ours: Callable[[], object], peer: Callable[[], object], peer_name: str, turns: int = 5
) -> Ratio:
    """Both in turn, A B A B …, after one warm-up each: a machine that slows down slows both."""
    ours()
    peer()
    pairs = [(_seconds(ours), _seconds(peer)) for _ in range(turns)]
    mine, theirs = zip(*pairs, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    return Ratio(what, statistics.median(mine), statistics.median(theirs), ratio, peer_name)


def forget(files: Iterable[Path]) -> None:
    """Drops the files from the page cache, as our audit does: a peer that read memory would measure something else."""
    for path in files:
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@dataclass(slots=True)
class Memory:
    """Peaks in MB: resident size of the process `pid`, of its largest child, and PSS of the whole tree.

    `own` is the process's without pages of files: the system takes those back when it needs the room.
    """

    pid: int

    worker: float = 0
    own: float = 0
    child: float = 0
    tree_pss: float = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def line(self, what: str) -> str:
        return f"| {what} | {self.worker:.0f} MB | {self.child:.0f} MB | {self.tree_pss:.0f} MB |"

    def look(self) -> None:
        process = psutil.Process(self.pid)
        children = process.children(recursive=True)
        held = process.memory_info()
        self.worker, self.own = (
            max(self.worker, held.rss / 1e6),
            max(self.own, (held.rss - held.shared) / 1e6),
        )
        pss = 0.0
        for each in (process, *children):
            try:
                pss += each.memory_full_info().pss / 1e6
                if each is not process:
                    self.child = max(self.child, each.memory_info().rss / 1e6)
            except psutil.Error:
                continue
        self.tree_pss = max(self.tree_pss, pss)


@contextmanager
def watching(pid: int) -> Iterator[Memory]:
    memory = Memory(pid)

    def watch() -> None:
        while not memory._stop.wait(0.2):
            memory.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        memory._stop.set()
        thread.join()
