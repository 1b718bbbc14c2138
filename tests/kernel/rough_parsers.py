"""Parsers as foreign bytes make them: they loop, eat memory, crash, answer too much. Run in the sandbox only."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path


def echo(value: object) -> object:
    return value


def own_pid() -> int:
    return os.getpid()


def loop() -> None:
    while True:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def eat_memory() -> None:
    bytearray(8 << 30)


def eat_memory_slowly() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(os.urandom(1 << 20)))


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def refuse(sentence: str) -> None:
    raise ValueError(sentence)


def answer_at_length(size: int) -> bytes:
    return bytes(size)


def answer_an_object() -> object:
    return object()


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_descriptors() -> list[str]:
    return [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_open(fd)]


def _is_open(fd: str) -> bool:
    return Path(f"/proc/self/fd/{fd}").is_symlink()


def write_a_file(path: str) -> int:
    return Path(path).write_bytes(b"x" * 10)


def loaded(module: str) -> bool:
    return module in sys.modules


def fork_and_loop(pid_file_descriptor_path: str) -> None:
    """Leaves a grandchild; its pid is told by the name of a folder, for files cannot be written here."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    Path(pid_file_descriptor_path, str(pid)).mkdir()
    loop()
