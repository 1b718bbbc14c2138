"""A sandboxed child starts no process and opens no connection.

What it started would eat memory that nobody counts, and might outlive it. A seccomp filter (seccomp(2)) in the child:
threads are allowed, for parsers use them; forks, programs and new sockets are refused. Where the kernel has no filters,
killing the child's group remains.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from dataclasses import dataclass

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # prctl(2)
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCHITECTURE, _NUMBER, _FIRST_ARGUMENT = 4, 0, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x00010000


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of system calls. `refused`: socket, forks, execs; `foreign`: from here on they are of another ABI."""

    audit: int
    clone: int
    clone3: int
    refused: tuple[int, ...]
    foreign: int = 0xFFFFFFFF


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 56, 435, refused=(41, 57, 58, 59, 322), foreign=0x40000000),
    "aarch64": _Machine(0xC00000B7, 220, 435, refused=(198, 221, 281)),
}


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def stay_alone() -> bool:
    """Refuses this process, for ever, to start another or to reach one. False where that cannot be had."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    steps = _steps(machine)
    program = _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))
    prctl = ctypes.CDLL(None).prctl
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(machine: _Machine) -> list[tuple[int, int, int, int]]:
    """(code, jump if yes, jump if no, value); jumps count the steps that are skipped."""
    numbers = machine.refused
    to_refuse = len(numbers) + 3  # from the step that looks for foreign numbers
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        # Its flags lie in memory, where a filter cannot look: without it the C library falls back to clone.
        (_EQUAL, to_refuse + 3, 0, machine.clone3),
        (_AT_LEAST, to_refuse, 0, machine.foreign),
        *((_EQUAL, to_refuse - 1 - n, 0, number) for n, number in enumerate(numbers)),
        (_EQUAL, 0, 3, machine.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_BITS, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
