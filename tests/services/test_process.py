"""No server outlives the run, and a service that is not there is never passed over in silence."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.services.process import Server, Unavailable, answers, free_port, program, running, scratch_folder

ROOT = Path(__file__).parents[2]
START_AND_WAIT = """
import sys, time
from tests.services import redis
with redis.start() as server:
    print(server.port, flush=True)
    time.sleep(60)
"""


def _answers(port: int) -> bool:
    return answers(port, b"PING\r\n", b"+PONG\r\n")


def test_a_server_dies_with_a_run_that_is_killed(redis_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", START_AND_WAIT], cwd=ROOT, stdout=subprocess.PIPE) as run:
        try:
            assert run.stdout is not None
            port = int(run.stdout.readline())
            assert _answers(port)
        finally:
            run.kill()
    deadline = time.monotonic() + 10
    while _answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _answers(port)


def test_the_end_takes_the_children_of_a_server_along() -> None:
    with scratch_folder() as folder:
        script = (
            "import subprocess as s; child = s.Popen(['sleep', '61'], start_new_session=True); "
            "open('child', 'w').write(str(child.pid)); child.wait()"
        )
        command = [sys.executable, "-c", script]
        server = Server("parent", command, folder, lambda: (folder / "child").exists())
        with running(server):
            time.sleep(0.1)  # until the shell has written it
            child = int((folder / "child").read_text())
            assert psutil.pid_exists(child)
        assert not psutil.pid_exists(child)


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words() -> None:
    with scratch_folder() as folder:
        server = Server("failing", ["sh", "-c", "echo no disk; exit 3"], folder, lambda: False)
        with pytest.raises(RuntimeError, match="no disk"):
            server.start()


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match="no-such-program"):
        program("no-such-program")


def test_ports_leave_room_for_a_second_one_above() -> None:
    assert 10_000 <= free_port() <= 55_535 - 10_000


def _run_without_redis(asked: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-q", "tests/services/test_services.py", "-k", "redis"]
    env = {**os.environ, "PATH": "/nowhere", "ARCHIVE_TEST_SERVICES": asked}
    return subprocess.run(
        [*words, "-p", "no:cacheprovider"], cwd=ROOT, env=env, capture_output=True, text=True
    )


def test_a_missing_service_skips_and_is_told_at_the_end() -> None:
    run = _run_without_redis("")
    assert run.returncode == 0
    assert "1 skipped" in run.stdout
    assert "Redis: no program redis-server. To get it, as root on Debian: make services" in run.stdout


def test_a_missing_service_fails_where_services_are_required() -> None:
    run = _run_without_redis("required")
    assert run.returncode == 1
    assert "Redis is required" in run.stdout


def test_a_misspelt_demand_for_services_is_refused() -> None:
    assert "may only be 'required'" in _run_without_redis("yes").stderr
