"""Parsers as foreign bytes make them: they loop, eat memory, crash, answer too much. Run in the sandbox only."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import threading
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


def fork() -> int:
    return os.fork()


def start_a_program() -> int:
    return subprocess.run(["/bin/true"]).returncode


def open_a_connection() -> None:
    socket.create_connection(("127.0.0.1", 9))


def execute_itself_away() -> None:
    os.execv("/bin/sleep", ["sleep", "600"])


def think_in_threads() -> int:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(1,)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return len(done)


def trickle_an_answer_while_eating() -> None:
    """As a parser that foreign bytes have taken over: a long frame, byte by byte, and memory meanwhile."""
    eaten: list[bytes] = []
    end = next(
        int(fd)
        for fd in os.listdir("/proc/self/fd")
        if os.readlink(f"/proc/self/fd/{fd}").startswith("socket")
    )
    os.write(end, (1 << 20).to_bytes(4, "big"))
    while True:
        os.write(end, b"x")
        eaten.append(os.urandom(1 << 20))
