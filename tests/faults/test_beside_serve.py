"""Several processes of one archive: acts on the command line while it is served, workers that outlive their broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archive_service.kernel.clock import SystemClock
from archive_service.kernel.jobs import JobState
from ingest.models import SipState
from tests.archives import make_house
from tests.faults.dossiers import jobs_of, package, receive, sip_of
from tests.services.process import Server, free_port, running
from tests.services.redis import Redis

ARCHIVE = str(Path(sys.executable).with_name("archive"))


def environment(folder: Path, **settings: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVE_")}
    return {**own, "ARCHIVE_DATA": str(folder / "var"), "LANG": "en", **settings}


def told(folder: Path, *words: str) -> Any:
    """What a command says as JSON; it must end with 0."""
    ended = subprocess.run(
        [ARCHIVE, *words], env=environment(folder), cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    command = [ARCHIVE, "serve", "--port", str(port)]
    with running(Server("archive serve", command, folder, answers, env=environment(folder))):
        yield address


@pytest.fixture
def set_up(tmp_path: Path) -> Path:
    subprocess.run(
        [ARCHIVE, "init"], env=environment(tmp_path), cwd=tmp_path, check=True, capture_output=True
    )
    return tmp_path


def test_audits_run_on_the_command_line_while_the_archive_is_served(set_up: Path) -> None:
    with served(set_up) as address:
        assert told(set_up, "fixity", "run", "--json")["faults"] == 0
        assert told(set_up, "log", "verify", "--json")["faults"] == []
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            assert answer.status == 200


def test_workers_go_on_by_themselves_when_their_broker_is_back(redis_server: Redis, tmp_path: Path) -> None:
    house = make_house(tmp_path, SystemClock(), queue=redis_server.url)  # type: ignore[arg-type]
    settings = environment(tmp_path, ARCHIVE_QUEUE=redis_server.url, ARCHIVE_WORKERS="1")

    def worked() -> bool:
        return {job.state for job in jobs_of(house.archive, "check_roots")} == {JobState.done}

    worker = Server("archive worker", [ARCHIVE, "worker"], tmp_path, worked, env=settings, patience_s=120)
    beat = Server("archive beat", [ARCHIVE, "beat"], tmp_path, lambda: True, env=settings)
    with running(beat), running(worker):
        redis_server.kill()
        receipt = receive(house, package(tmp_path / "sent"))
        redis_server.start()
        until = time.monotonic() + 90
        while sip_of(house.archive, receipt.sip_id).state is not SipState.awaiting_decision:
            assert time.monotonic() < until, worker.log()[-3000:]
            time.sleep(0.2)
    house.archive.close()
