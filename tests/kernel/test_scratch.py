"""A job's unpacked bytes go with it, or with the next one if it was killed."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archive_service.kernel.scratch import scratch, sweep


def test_a_folder_is_gone_with_its_job(tmp_path: Path) -> None:
    with scratch(tmp_path / "base") as folder:
        (folder / "container").write_bytes(b"bytes")
    assert not folder.exists()


def test_what_a_killed_process_left_goes_with_the_next_job(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with scratch(tmp_path) as folder:
            (folder / "container").write_bytes(b"bytes")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(list(tmp_path.rglob("container"))) == 1
    with scratch(tmp_path):
        assert list(tmp_path.rglob("container")) == []


def test_the_folder_of_a_living_job_is_never_swept(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        with scratch(tmp_path) as other:
            assert folder.is_dir() and other != folder


def test_jobs_that_begin_and_end_at_once_do_not_sweep_each_other(tmp_path: Path) -> None:
    def work(_: int) -> None:
        with scratch(tmp_path) as folder:
            for number in range(20):
                (folder / str(number)).touch()

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(work, range(60)))) == 60
