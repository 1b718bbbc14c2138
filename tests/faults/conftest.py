from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive_service.kernel.clock import MovableClock
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from tests.archives import House, make_house
from tests.faults.stacks import Embedded, Encrypted, Services
from tests.faults.warm import WarmSandbox


@pytest.fixture(scope="session")
def warm_sandbox() -> Iterator[WarmSandbox]:
    sandbox = WarmSandbox()
    yield sandbox
    sandbox.end()


@pytest.fixture(scope="session")
def built_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """An archive made once and closed: copies of its folder are made in no time."""
    folder = tmp_path_factory.mktemp("house")
    made = make_house(folder)
    made.archive.close()
    return folder / "var", made


@pytest.fixture
def house(built_house: tuple[Path, House], tmp_path: Path, warm_sandbox: WarmSandbox) -> Iterator[House]:
    folder, made = built_house
    shutil.copytree(folder, tmp_path / "var")
    clock = MovableClock(made.clock.instant)
    archive = Archive(Settings(data=tmp_path / "var"), clock)
    archive.__dict__["sandbox"] = warm_sandbox
    yield replace(made, archive=archive, clock=clock)
    archive.close()


@pytest.fixture(params=["embedded", "services"])
def stack(request: pytest.FixtureRequest, tmp_path: Path, warm_sandbox: WarmSandbox) -> Embedded:
    """Each test that asks for it runs on the embedded default and on the real services; some ask for `encrypted` too."""
    if request.param != "services":
        return {"embedded": Embedded, "encrypted": Encrypted}[request.param](tmp_path, warm_sandbox)
    postgres, s3, search = (
        request.getfixturevalue(name) for name in ("postgres_server", "s3_server", "elasticsearch_url")
    )
    return Services(tmp_path, warm_sandbox, postgres, s3, search)
