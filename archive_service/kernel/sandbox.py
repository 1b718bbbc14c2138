"""Foreign bytes are parsed here only: in warm child processes with limits on time and memory.

    with Sandbox() as sandbox:
        sandbox.run("preservation.text:extract_text", str(path), "fmt/477")

A function runs in a child; arguments and result are plain data (JSON) or bytes; tuples arrive as lists. One request
is one file. A child that overruns a limit is killed with its process group and replaced, and the failure is typed:
it says something about the file. `SandboxBroken` says something about us.

What it is not: a wall against a parser that foreign bytes have taken over. The child runs as the same user and may
read what the worker may read. It inherits no environment, no open file and no secret. It cannot write a file,
start a process or open a connection.
"""

from __future__ import annotations

import os
import queue
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from archive_service.kernel import sandbox_wire as wire
from archive_service.kernel.sandbox_child import (
    Child,
    FailureKind,
    ForkServer,
    Limits,
    Overrun,
    SandboxBroken,
    SandboxFailure,
)

__all__ = ["PARSERS", "FailureKind", "Limits", "Sandbox", "SandboxBroken", "SandboxFailure"]

# pygfried is missing on purpose: its Go runtime starts at import and does not survive a fork (it hangs, measured).
PARSERS = (
    "PIL.Image",
    "docx",
    "fido.fido",
    "lxml.etree",
    "lxml.html",
    "openpyxl",
    "pikepdf",
    "pyhanko.sign.validation.ades",
    "pypdfium2",
)
REQUESTS_PER_CHILD = 500  # a parser's leaks end with its child


class Sandbox:
    """A pool of warm children. `run` may be called from any thread; it waits while all children are busy."""

    def __init__(
        self,
        workers: int | None = None,
        preload: Sequence[str] = PARSERS,
        requests_per_child: int = REQUESTS_PER_CHILD,
    ) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._requests_per_child = requests_per_child
        self._server = ForkServer(tuple(preload))
        self._slots = _empty_slots(self.workers)
        self._finalizer = weakref.finalize(self, ForkServer.stop, self._server)
        _sandboxes.add(self)

    def run(self, function: str, *args: object, limits: Limits = Limits()) -> Any:
        """The result of `function` ("module:name") in a child. Raises SandboxFailure, SandboxBroken."""
        with self._slot() as slot:
            request = wire.encode(
                {
                    "function": function,
                    "args": args,
                    "cpu_s": limits.cpu_s,
                    "address_space_bytes": limits.address_space_bytes,
                }
            )
            child = self._ask(slot, request)
            try:
                answer = wire.decode(child.answer(limits))
            except Overrun as overrun:
                slot.child = None
                raise child.end(overrun) from None
            except ValueError:
                slot.child = None
                raise child.end(Overrun(FailureKind.crashed, "an unreadable answer")) from None
            if "memory" in answer or child.served >= self._requests_per_child:
                slot.child = None
                child.end()
        return _result(answer)

    def close(self) -> None:
        """Ends the server and every child. Requests under way fail."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _slot(self) -> Iterator[_Slot]:
        slots = self._slots
        slot = slots.get()
        try:
            yield slot
        finally:
            slots.put(slot)

    def _ask(self, slot: _Slot, request: bytes) -> Child:
        """Sends the request to the slot's child, or to a new one if that died while it was idle."""
        for child in (slot.child, None):
            slot.child = child or Child(self._server)
            try:
                slot.child.ask(request)
                return slot.child
            except OSError:
                idle, slot.child = slot.child, None
                # The server may have died with it; the next child starts it again.
                with suppress(SandboxBroken):
                    idle.end()
        raise SandboxBroken("a new sandbox child does not take requests")

    def _forget(self) -> None:
        """In a forked process: its parent's children are not ours, and the pipes to them must not stay open."""
        self._finalizer.detach()
        self._server.forget()
        self._server = ForkServer(self._server.preload)
        self._slots = _empty_slots(self.workers)
        self._finalizer = weakref.finalize(self, ForkServer.stop, self._server)


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _forget_all() -> None:
    for sandbox in tuple(_sandboxes):
        sandbox._forget()


# Celery's prefork pool and multiprocessing fork the worker after the archive was opened.
os.register_at_fork(after_in_child=_forget_all)


@dataclass(slots=True)
class _Slot:
    child: Child | None = None


def _empty_slots(workers: int) -> queue.LifoQueue[_Slot]:
    # Last in, first out: light work stays with one warm child.
    slots: queue.LifoQueue[_Slot] = queue.LifoQueue()
    for _ in range(workers):
        slots.put(_Slot())
    return slots


def _result(answer: dict[str, Any]) -> Any:
    if "result" in answer:
        return answer["result"]
    if "unknown" in answer:
        raise SandboxBroken(answer["unknown"])
    for kind in (FailureKind.memory, FailureKind.raised):
        if kind in answer:
            raise SandboxFailure(kind, str(answer[kind]))
    raise SandboxFailure(FailureKind.crashed, "an answer of no known kind")
