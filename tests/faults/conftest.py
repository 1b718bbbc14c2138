from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stacks import Embedded, Services
from tests.faults.warm import WarmSandbox


@pytest.fixture(scope="session")
def warm_sandbox() -> Iterator[WarmSandbox]:
    sandbox = WarmSandbox()
    yield sandbox
    sandbox.end()


@pytest.fixture(params=["embedded", "services"])
def stack(request: pytest.FixtureRequest, tmp_path: Path, warm_sandbox: WarmSandbox) -> Embedded:
    """Each test that asks for it runs on the embedded default and on the real services."""
    if request.param == "embedded":
        return Embedded(tmp_path, warm_sandbox)
    postgres, s3, search = (
        request.getfixturevalue(name) for name in ("postgres_server", "s3_server", "elasticsearch_url")
    )
    return Services(tmp_path, warm_sandbox, postgres, s3, search)
