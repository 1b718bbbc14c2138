"""The two stacks that a journey is made on: the embedded default, and the services with a Celery worker of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import select

from archive_service.demo.people import make_passwords
from archive_service.demo.seals import Seals
from archive_service.demo.stage import Stage, enter_everybody
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import SystemClock
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain
from tests.services.process import Server, running
from tests.services.s3 import S3

PATIENCE_SECONDS = 90.0
Plain = dict[str, Any]


@dataclass
class Stack:
    """An archive with the demo's people. `settle` returns when every job is done, and fails when one did.

    `into`: where a rebuild builds the new database; None where it takes the old one's place.
    """

    stage: Stage
    settle: Callable[[], None]
    into: str | None = None

    @property
    def archive(self) -> Archive:
        return self.stage.archive


def embedded_settings(folder: Path) -> Plain:
    plain = {"data": str(folder / "var"), "trust": [str(folder / "trust.pem")], "waiting_days": 0}
    return {**plain, "repairs_a_day": 0}  # a person repairs here


def service_settings(folder: Path, postgres: str, redis: str, s3: S3, search: str) -> Plain:
    def bucket() -> str:
        return f"s3://{s3.new_bucket()}/kho?endpoint={s3.endpoint}"

    def root(number: str, name: str) -> Plain:
        return {"id": name, "url": bucket(), "failure_domain": number, "credentials": "s3"}

    return {
        **embedded_settings(folder),
        "database": postgres,
        "queue": redis,
        "search": search,
        "search_index": f"life-{uuid4().hex[:8]}",
        "staging": bucket(),
        "staging_credentials": "s3",
        "storage": [root("1", "kho-chinh"), root("2", "ban-sao")],
        "credentials": {"s3": {"access_key": s3.access_key, "secret_key": s3.secret_key}},
    }


@contextmanager
def embedded(folder: Path, seals: Seals) -> Iterator[Stack]:
    stage = _stage(folder, seals, embedded_settings(folder))

    def settle() -> None:
        drain(stage.archive)
        _require_done(stage.archive)

    try:
        yield Stack(stage, settle)
    finally:
        stage.archive.close()


@contextmanager
def on_services(folder: Path, seals: Seals, settings: Plain, into: str) -> Iterator[Stack]:
    """A worker process does the jobs; this process only asks for them."""
    stage = _stage(folder, seals, settings)
    words = [str(Path(sys.executable).with_name("archive")), "worker"]
    worker = Server(
        "worker", words, folder, ready=lambda: "ready." in worker.log(), env=environment(settings)
    )
    try:
        with running(worker):
            yield Stack(stage, lambda: _wait(stage.archive, worker), into)
    finally:
        stage.archive.close()
        with Elasticsearch(settings["search"]) as client:
            for index in client.indices.get_alias(index=f"{settings['search_index']}-*").body:
                client.indices.delete(index=index)


def environment(settings: Plain) -> dict[str, str]:
    """The same settings as a process of its own reads them."""
    return {
        f"ARCHIVE_{name}".upper(): value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


def _stage(folder: Path, seals: Seals, settings: Plain) -> Stage:
    (folder / "trust.pem").write_bytes(seals.root)
    # The worker's clock is the real one, so ours must be, too: the log would else run back.
    clock: Any = SystemClock()
    return enter_everybody(Stage(Archive(Settings(**settings), clock), clock, seals, make_passwords()))


def _wait(archive: Archive, worker: Server) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while _open_jobs(archive):
        _require_done(archive)
        assert time.monotonic() < end, f"jobs are left: {_open_jobs(archive)}\n{worker.log()[-3000:]}"
        time.sleep(0.1)


def _require_done(archive: Archive) -> None:
    with archive.look(THE_ARCHIVE) as work:
        faults = work.session.execute(select(Job.kind, Job.fault).where(Job.fault != "")).all()
    assert not faults, faults


def _open_jobs(archive: Archive) -> list[str]:
    with archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Job.kind).where(Job.state != JobState.done)))


def open_stack(request: pytest.FixtureRequest, folder: Path, seals: Seals) -> Iterator[Stack]:
    """For a fixture with the parameters `STACKS`."""
    if request.param == "embedded":
        with embedded(folder, seals) as stack:
            yield stack
        return
    names = ("postgres_server", "redis_url", "s3_server", "elasticsearch_url")
    postgres, *services = (request.getfixturevalue(name) for name in names)
    with postgres.fresh() as database, postgres.fresh() as into:
        settings = service_settings(folder, database, *services)
        with on_services(folder, seals, settings, into) as stack:
            yield stack


STACKS = ("embedded", "services")
