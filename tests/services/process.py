"""A server for tests: its own process group, its own folder, and never longer alive than the test run."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

FIRST_PORT, LAST_PORT = 10_000, 21_999
SECOND_PORT_OFFSET = 10_000
"""SeaweedFS answers gRPC ten thousand above each of its ports: both stay below what the kernel gives out."""


class Unavailable(Exception):
    """The service cannot be started on this machine; the text says what is not there."""


def program(*names: str, folders: Sequence[str] = ()) -> str:
    """The path of the first program that is there, else `Unavailable`."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise Unavailable(f"no program {' or '.join(names)}")


def free_port() -> int:
    """A port on 127.0.0.1 that is free now, and so is the one `SECOND_PORT_OFFSET` above it."""
    for _ in range(200):
        # Not the seeded generator of a test: two runs at once must not choose alike.
        port = random.SystemRandom().randint(FIRST_PORT, LAST_PORT)
        if all(_is_free(each) for each in (port, port + SECOND_PORT_OFFSET)):
            return port
    raise RuntimeError("no free port between 10000 and 22000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int, question: bytes, answer: bytes) -> bool:
    """Whether a server on 127.0.0.1 replies to one question within a second."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(question)
            return line.recv(len(answer)) == answer
    except OSError:
        return False


@contextmanager
def scratch_folder(user: str | None = None) -> Iterator[Path]:
    """A folder that also a server running as another user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="archive-test-"))
    folder.chmod(0o755)
    if user is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def other_user(name: str) -> str | None:
    """The user for a server that refuses to run as root; None when we are not root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        raise Unavailable(f"no user {name}") from None


def leashed(command: Sequence[str], user: str | None = None) -> list[str]:
    """The command, killed by the kernel when the thread that starts it ends, and run as `user`."""
    # Not preexec_fn: Python 3.12 warns about it beside threads. setpriv sets the signal after the change
    # of user, which would clear it.
    words = [program("setpriv"), "--pdeathsig", "KILL"]
    if user is not None:
        group = str(pwd.getpwnam(user).pw_gid)
        words += ["--reuid", user, "--regid", group, "--clear-groups"]
    return [*words, "--", *command]


@dataclass
class Server:
    """One server process with what it started. `start` returns when `ready` says so; both may be repeated."""

    name: str
    command: Sequence[str]
    folder: Path
    ready: Callable[[], bool]
    user: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 60.0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait. RuntimeError with the end of the log when the server ends or is not ready in time."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                leashed(self.command, self.user),
                cwd=self.folder,
                # Their sockets and temporary files go away with the folder.
                env={**os.environ, "TMPDIR": str(self.folder), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.patience_s
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would, with all that it started, and wait until every one is gone."""
        if self._process is None:
            return
        # PostgreSQL's children are groups of their own and hold its memory until they are gone.
        family = _descendants(self._process.pid)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        for child in family:
            if child.is_running():
                child.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=10)
        self._process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The started server, killed at the end. Data below a scratch folder needs no orderly end."""
    try:
        server.start()
        yield server
    finally:
        server.kill()
