"""The files of a package, put to the sandbox one a request, as many at once as it has children."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import FailureKind, SandboxFailure
from ingest.checks import Examination

Answer = TypeVar("Answer")


def payload(examination: Examination) -> tuple[str, ...]:
    """The paths below data/; none when the bag itself could not be read."""
    return examination.bag.payload if examination.bag else ()


def ask_each(
    examination: Examination, paths: Iterable[str], ask: Callable[[str], Answer]
) -> Iterator[tuple[str, Answer | SandboxFailure]]:
    """Each path with its answer, in the order of `paths`. What the sandbox itself does wrong is raised."""

    def answer(path: str) -> tuple[str, Answer | SandboxFailure]:
        try:
            return path, ask(path)
        except SandboxFailure as failure:
            return path, failure

    with ThreadPoolExecutor(examination.circumstances.sandbox.workers) as threads:
        yield from threads.map(answer, paths)


def not_parsed(path: str, failure: SandboxFailure) -> Finding:
    """What a failure says of the file: it is damaged, or it asks for more than a document may."""
    if failure.kind is FailureKind.raised:
        return Finding("file-unreadable", path, got=failure.detail[:200])
    return Finding("file-too-heavy", path, got=failure.kind.value)
