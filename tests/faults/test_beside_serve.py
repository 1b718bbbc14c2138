"""An act on the command line while the archive is served: two processes, one database, one index, one log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.services.process import Server, free_port, running

ARCHIVE = str(Path(sys.executable).with_name("archive"))


def environment(folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVE_")}
    return {**own, "ARCHIVE_DATA": str(folder / "var"), "LANG": "en"}


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
