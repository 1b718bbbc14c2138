"""The worker's end of the sandbox: the fork server as a process, one child as a conversation with limits."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from enum import StrEnum

import psutil

from archive_service.kernel import sandbox_wire as wire
from archive_service.kernel.sandbox_server import READY

_WATCH_S = 0.05
_START_S = 60.0
_STOP_S = 5.0
_BLOCK = 1 << 18


class FailureKind(StrEnum):
    """How a request ended without a result."""

    cpu = "cpu"
    wall = "wall"
    memory = "memory"
    too_large = "too_large"
    crashed = "crashed"
    raised = "raised"


class SandboxFailure(Exception):
    """The parser did not manage this file. `detail` is for the operator: it may quote foreign text."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


class SandboxBroken(RuntimeError):
    """The sandbox itself does not work, or was asked for a function that does not exist: our fault."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may use. Below 2 GiB of address space pygfried's Go runtime aborts (measured)."""

    cpu_s: int = 30
    wall_s: float = 60.0
    address_space_bytes: int = 4 << 30
    resident_bytes: int = 1 << 30
    result_bytes: int = 64 << 20


class Overrun(Exception):
    """A limit was passed while waiting for the answer."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


class ForkServer:
    """The process that children are forked from: started when first needed, and again if it was killed."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        self.preload = preload
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ends: set[socket.socket] = set()
        self._stopped = False

    def fork(self) -> tuple[int, socket.socket]:
        """A new child: its pid and our end of its socket."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                pid = self._fork_with(theirs)
        except BaseException:
            ours.close()
            raise
        self._ends.add(ours)
        return pid, ours

    def reap(self, pid: int, end: socket.socket) -> int:
        """Kills the child's group and gives its wait status. Raises SandboxBroken if the server is gone."""
        self._ends.discard(end)
        end.close()
        with self._lock:
            try:
                return int(self._command(f"reap {pid}".encode()))
            except OSError as error:
                raise SandboxBroken(f"the sandbox server has gone: {error}") from None

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._end()
        for end in tuple(self._ends):
            end.close()

    def forget(self) -> None:
        """In a forked process: close our copies of the pipes, so that the server sees its worker end."""
        for end in (self._control, *self._ends):
            if end is not None:
                end.close()
        if self._process is not None:
            # Not our child any more: keeps Popen's destructor from warning about a running process.
            self._process.returncode = 0

    def _fork_with(self, theirs: socket.socket) -> int:
        with self._lock:
            for _ in range(2):
                if self._control is None:
                    self._start()
                try:
                    return int(self._command(b"fork", theirs.fileno()))
                except OSError:
                    self._end()
        raise SandboxBroken("the sandbox server does not fork")

    def _command(self, message: bytes, *descriptors: int) -> bytes:
        if self._control is None:
            raise ConnectionError("not running")
        socket.send_fds(self._control, [message], descriptors)
        answer = self._control.recv(64)
        if not answer:
            raise ConnectionError("no answer")
        return answer

    def _start(self) -> None:
        if self._stopped:
            raise SandboxBroken("the sandbox is closed")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_START_S)
        with theirs:
            self._control, self._process = ours, _spawn(theirs.fileno(), self.preload)
        greeting = ours.recv(4096)
        if greeting != READY:
            self._end()
            raise SandboxBroken(f"the sandbox does not start: {greeting.decode() or 'it ended at once'}")

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None


def _spawn(descriptor: int, preload: tuple[str, ...]) -> subprocess.Popen[bytes]:
    # Passwords and keys stand in the worker's environment: the server gets a new one.
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "archive_service.kernel.sandbox_server", str(descriptor), *preload],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        # Ctrl-C in a terminal goes to the worker, which ends us in its own time.
        start_new_session=True,
    )


class Child:
    """One child: `ask`, then `answer`; `end` when it is no longer wanted."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self.pid, self._socket = server.fork()
        self._process = psutil.Process(self.pid)
        self.served = 0

    def ask(self, request: bytes) -> None:
        """Raises OSError if the child died while it was idle."""
        self.served += 1
        self._socket.sendall(request)

    def answer(self, limits: Limits) -> bytes:
        """The body of the answer's frame. Raises Overrun, also when the child dies."""
        deadline = time.monotonic() + limits.wall_s
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        frame, watched = bytearray(), time.monotonic()
        while True:
            if poll.poll(_WATCH_S * 1000):
                frame += self._read()
                if _complete(frame, limits.result_bytes):
                    return bytes(frame[wire.HEADER.size :])
            # Also while it answers: whoever trickles bytes would else never be looked at.
            if time.monotonic() - watched >= _WATCH_S:
                self._watch(limits.resident_bytes)
                watched = time.monotonic()
            if time.monotonic() > deadline:
                raise Overrun(FailureKind.wall, f"longer than {limits.wall_s:g} s")

    def end(self, overrun: Overrun | None = None) -> SandboxFailure:
        """Kills the child's group. What the request's failure is called, seen from how the child ended."""
        status = self._server.reap(self.pid, self._socket)
        if overrun is None or overrun.kind is not FailureKind.crashed:
            overrun = overrun or Overrun(FailureKind.crashed, "")
            return SandboxFailure(overrun.kind, overrun.detail)
        return _death(status, overrun.detail)

    def _read(self) -> bytes:
        try:
            block = self._socket.recv(_BLOCK)
        except OSError:
            block = b""
        if not block:
            raise Overrun(FailureKind.crashed, "no answer")
        return block

    def _watch(self, resident: int) -> None:
        try:
            used = self._process.memory_info().rss
        except psutil.Error:
            return  # it has just died: the next read tells
        if used > resident:
            raise Overrun(FailureKind.memory, f"{used >> 20} MiB resident, {resident >> 20} allowed")


def _complete(frame: bytearray, largest: int) -> bool:
    if len(frame) < wire.HEADER.size:
        return False
    size: int = wire.HEADER.unpack_from(frame)[0]
    if size > largest:
        raise Overrun(FailureKind.too_large, f"a result of {size} bytes, {largest} allowed")
    return len(frame) >= wire.HEADER.size + size


def _death(status: int, detail: str) -> SandboxFailure:
    if not os.WIFSIGNALED(status):
        return SandboxFailure(FailureKind.crashed, f"{detail}, exit code {os.waitstatus_to_exitcode(status)}")
    number = os.WTERMSIG(status)
    # SIGKILL that we did not send before the end of the conversation is the system's, short of memory.
    kinds = {signal.SIGXCPU: FailureKind.cpu, signal.SIGKILL: FailureKind.memory}
    kind = kinds.get(signal.Signals(number), FailureKind.crashed)
    return SandboxFailure(kind, f"ended by {signal.Signals(number).name}")
