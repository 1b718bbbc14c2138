from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.kernel.objects import ObjectStore, open_store
from preservation.ocfl.store import init_root


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """An OCFL root in an empty folder."""
    return new_root(tmp_path / "root")


@pytest.fixture(params=["folder", "s3"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An OCFL root in a folder, and one in a bucket."""
    if request.param == "folder":
        return new_root(tmp_path / "root")
    server = request.getfixturevalue("s3_server")
    bucket = open_store(
        f"s3://{server.new_bucket()}?endpoint={server.endpoint}",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    init_root(bucket)
    return bucket


def new_root(folder: Path) -> ObjectStore:
    made = open_store(folder.as_uri())
    made.create()
    init_root(made)
    return made
