"""The server that sandboxed children are forked from, and the children's own loop.

Started by `sandbox.Sandbox` as `python -m archive_service.kernel.sandbox_server FD MODULE…`; it has one thread and
opens no file of the archive, so that a fork is always safe. It imports the parsers once; a child is ready in a
millisecond. Commands over FD: `fork` (with the child's socket) → pid; `reap PID` → kills that process group and
tells how the child ended. When FD closes, the worker is gone: every child is killed and the server ends.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from archive_service.kernel import sandbox_wire as wire
from archive_service.kernel.sandbox_alone import stay_alone

READY = b"ready"
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)
_OPEN_FILES = 256
_DETAIL = 2000  # characters of an exception's text


def main(arguments: Sequence[str]) -> None:
    control = socket.socket(fileno=int(arguments[0]))
    # RLIMIT_FSIZE is 0 in the children: a half-written .pyc is all that could come of it.
    sys.dont_write_bytecode = True
    try:
        for name in arguments[1:]:
            importlib.import_module(name)
    except ImportError as error:
        control.send(f"{type(error).__name__}: {error}".encode()[:_DETAIL])
        return
    control.send(READY)
    _obey(control)


def _obey(control: socket.socket) -> None:
    children: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            break
        if message == b"fork":
            control.send(str(_fork(control, descriptors[0], children)).encode())
        else:
            control.send(str(_reap(int(message.split()[1]), children)).encode())
    for pid in tuple(children):
        _reap(pid, children)


def _fork(control: socket.socket, descriptor: int, children: set[int]) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        _live(socket.socket(fileno=descriptor), server)
    os.close(descriptor)
    _own_group(pid)
    children.add(pid)
    return pid


def _own_group(pid: int) -> None:
    # Called by both sides of the fork: whoever is first, a kill of the group never finds it missing.
    try:
        os.setpgid(pid, pid)
    except (PermissionError, ProcessLookupError):
        return


def _reap(pid: int, children: set[int]) -> int:
    """Ends the child's group. The wait status; 0 if it was no child of ours."""
    if pid not in children:
        return 0
    children.discard(pid)
    # Not waited for yet, so the number still belongs to our child: it cannot hit a stranger.
    os.killpg(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _live(requests: socket.socket, server: int) -> NoReturn:
    """The child: answers requests until its socket closes. Never returns into the server's loop."""
    try:
        _own_group(0)
        # The server may be killed without a word; its children must not outlive it.
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == server:
            _shut_doors()
            while (body := _receive(requests)) is not None:
                requests.sendall(wire.encode(_answer(wire.decode(body))))
    finally:
        os._exit(0)


def _shut_doors() -> None:
    """No core files, no files written at all, few files open, no other process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    stay_alone()


def _receive(requests: socket.socket) -> bytes | None:
    header = requests.recv(wire.HEADER.size, socket.MSG_WAITALL)
    if len(header) < wire.HEADER.size:
        return None
    return requests.recv(wire.HEADER.unpack(header)[0], socket.MSG_WAITALL)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        function = _resolve(request["function"])
    except (ImportError, AttributeError, ValueError) as error:
        return {"unknown": f"{request['function']}: {error}"}
    _limit(request["cpu_s"], request["address_space_bytes"])
    try:
        return {"result": function(*request["args"])}
    except MemoryError:
        return {"memory": "address space"}
    except Exception as error:  # whatever a parser throws at foreign bytes is an answer, not our fault
        return {"raised": f"{type(error).__name__}: {error}"[:_DETAIL]}


def _resolve(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found = getattr(importlib.import_module(module), function)
    if not callable(found):
        raise AttributeError("no function")
    return found  # type: ignore[no-any-return]


def _limit(cpu_s: int, address_space: int) -> None:
    """Soft limits for this request. The CPU clock runs over the child's whole life, so the limit moves along."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu_s + 1, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(sys.argv[1:])
