"""Whatever a parser does to itself, the worker goes on and knows what happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from archive_service.kernel.sandbox import FailureKind, Limits, Sandbox, SandboxBroken, SandboxFailure

HERE = "tests.kernel.rough_parsers"
SHORT = Limits(cpu_s=1, wall_s=60)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2, preload=(HERE,)) as sandbox:
        yield sandbox


def failure(sandbox: Sandbox, function: str, *args: object, limits: Limits = SHORT) -> SandboxFailure:
    with pytest.raises(SandboxFailure) as caught:
        sandbox.run(f"{HERE}:{function}", *args, limits=limits)
    return caught.value


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_plain_data_and_bytes_come_back_as_they_went(sandbox: Sandbox) -> None:
    value = {"tên": "Quyết định", "bytes": b"\x00\xff", "list": [1, 2.5, None, True]}
    assert sandbox.run(f"{HERE}:echo", value) == value


def test_one_warm_child_serves_request_after_request(sandbox: Sandbox) -> None:
    assert sandbox.run(f"{HERE}:own_pid") == sandbox.run(f"{HERE}:own_pid") != os.getpid()


def test_a_looping_parser_ends_at_its_processor_time_and_the_next_request_works(sandbox: Sandbox) -> None:
    assert failure(sandbox, "loop").kind is FailureKind.cpu
    assert sandbox.run(f"{HERE}:echo", 1) == 1


def test_a_waiting_parser_ends_at_its_wall_time(sandbox: Sandbox) -> None:
    started = time.monotonic()
    assert failure(sandbox, "sleep", 60, limits=Limits(wall_s=0.3)).kind is FailureKind.wall
    assert time.monotonic() - started < 30


def test_a_parser_that_asks_for_too_much_address_space_gets_none(sandbox: Sandbox) -> None:
    limits = Limits(address_space_bytes=2 << 30, resident_bytes=8 << 30)
    assert failure(sandbox, "eat_memory", limits=limits).kind is FailureKind.memory
    assert sandbox.run(f"{HERE}:echo", 1) == 1


def test_a_parser_that_fills_memory_is_killed_by_the_watch(sandbox: Sandbox) -> None:
    failed = failure(sandbox, "eat_memory_slowly", limits=Limits(resident_bytes=200 << 20))
    assert failed.kind is FailureKind.memory
    assert "resident" in failed.detail


def test_a_crash_is_told_with_its_signal(sandbox: Sandbox) -> None:
    failed = failure(sandbox, "crash")
    assert (failed.kind, failed.detail) == (FailureKind.crashed, "ended by SIGSEGV")


def test_a_child_that_leaves_has_crashed(sandbox: Sandbox) -> None:
    failed = failure(sandbox, "leave")
    assert (failed.kind, failed.detail) == (FailureKind.crashed, "no answer, exit code 3")


def test_a_parsers_exception_is_an_answer_and_the_child_stays(sandbox: Sandbox) -> None:
    before = sandbox.run(f"{HERE}:own_pid")
    failed = failure(sandbox, "refuse", "no PDF header")
    assert (failed.kind, failed.detail) == (FailureKind.raised, "ValueError: no PDF header")
    assert sandbox.run(f"{HERE}:own_pid") == before


def test_an_answer_that_is_too_long_is_not_taken(sandbox: Sandbox) -> None:
    failed = failure(sandbox, "answer_at_length", 1 << 20, limits=Limits(result_bytes=1 << 16))
    assert failed.kind is FailureKind.too_large


def test_an_object_cannot_leave(sandbox: Sandbox) -> None:
    assert failure(sandbox, "answer_an_object").kind is FailureKind.crashed


def test_an_unknown_function_is_our_fault(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxBroken, match="nothing"):
        sandbox.run(f"{HERE}:nothing")


def test_a_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_SECRET", "s3cret")
    with Sandbox(workers=1, preload=()) as fresh:
        environment = fresh.run(f"{HERE}:environment")
    assert set(environment) <= {"PATH", "LANG", "LC_CTYPE", "OMP_NUM_THREADS", "PYTHONPATH"}


def test_a_child_has_no_open_file_but_its_socket(sandbox: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w"):
        opened = sandbox.run(f"{HERE}:open_descriptors")
    assert [each for each in opened if not each.startswith(("/dev/null", "/proc/"))] == [
        each for each in opened if each.startswith("socket:")
    ]
    assert sum(each.startswith("socket:") for each in opened) == 1


def test_a_child_cannot_write_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    assert "File too large" in failure(sandbox, "write_a_file", str(tmp_path / "x")).detail


@pytest.mark.parametrize("function", ["fork", "start_a_program", "execute_itself_away", "open_a_connection"])
def test_a_parser_starts_no_process_and_reaches_none(sandbox: Sandbox, function: str) -> None:
    failed = failure(sandbox, function)
    assert (failed.kind, failed.detail.partition(":")[0]) == (FailureKind.raised, "PermissionError")


def test_a_parser_may_use_threads(sandbox: Sandbox) -> None:
    assert sandbox.run(f"{HERE}:think_in_threads") == 4


def test_memory_is_watched_while_an_answer_trickles_in(sandbox: Sandbox) -> None:
    limits = Limits(cpu_s=30, wall_s=20, resident_bytes=200 << 20)
    assert failure(sandbox, "trickle_an_answer_while_eating", limits=limits).kind is FailureKind.memory


def test_a_child_is_replaced_after_its_share_of_requests() -> None:
    with Sandbox(workers=1, preload=(HERE,), requests_per_child=3) as sandbox:
        pids = [sandbox.run(f"{HERE}:own_pid") for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_a_child_killed_while_idle_is_replaced_unseen(sandbox: Sandbox) -> None:
    pid = sandbox.run(f"{HERE}:own_pid")
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert sandbox.run(f"{HERE}:own_pid") != pid


def test_a_killed_server_takes_its_children_along_and_is_started_again() -> None:
    with Sandbox(workers=1, preload=(HERE,)) as sandbox:
        child = sandbox.run(f"{HERE}:own_pid")
        os.kill(psutil.Process(child).ppid(), signal.SIGKILL)
        assert gone(child)
        assert sandbox.run(f"{HERE}:echo", 1) == 1


def test_threads_share_the_children() -> None:
    with Sandbox(workers=2, preload=(HERE,)) as sandbox, ThreadPoolExecutor(8) as threads:
        pids = list(threads.map(lambda _: sandbox.run(f"{HERE}:own_pid"), range(40)))
    assert 1 <= len(set(pids)) <= 2


def test_closing_leaves_no_process() -> None:
    with Sandbox(workers=1, preload=(HERE,)) as sandbox:
        child = sandbox.run(f"{HERE}:own_pid")
        server = psutil.Process(child).ppid()
    assert gone(child)
    assert gone(server)


def test_a_closed_sandbox_says_so() -> None:
    sandbox = Sandbox(workers=1, preload=())
    sandbox.close()
    with pytest.raises(SandboxBroken, match="closed"):
        sandbox.run(f"{HERE}:echo", 1)


def test_a_missing_parser_is_told_at_the_first_request() -> None:
    with (
        Sandbox(workers=1, preload=("no_such_parser",)) as sandbox,
        pytest.raises(SandboxBroken, match="no_such"),
    ):
        sandbox.run(f"{HERE}:echo", 1)


@pytest.mark.parametrize("ending", ["pass", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_process_outlives_a_worker_that_ends_or_is_killed(ending: str) -> None:
    program = f"""
from archive_service.kernel.sandbox import Sandbox
sandbox = Sandbox(workers=1, preload=())
print(sandbox.run("{HERE}:own_pid"), flush=True)
{ending}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert gone(int(done.stdout))


def test_a_forked_worker_gets_children_of_its_own(sandbox: Sandbox) -> None:
    sandbox.run(f"{HERE}:echo", 1)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    worker = context.Process(target=lambda: answers.put(sandbox.run(f"{HERE}:own_pid")))
    worker.start()
    child = answers.get()
    worker.join()
    assert child != sandbox.run(f"{HERE}:own_pid")
    assert gone(child)
