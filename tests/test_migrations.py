"""The one migration makes what the models say, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from archive_service.kernel.db import Base, open_engine
from archive_service.migrations import upgrade


def differences(url: str) -> list[object]:
    engine = open_engine(url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = list(compare_metadata(context, Base.metadata))
    engine.dispose()
    return found


def test_the_schema_on_sqlite_is_that_of_the_models(tmp_path: Path) -> None:
    assert differences(f"sqlite:///{tmp_path / 'a.db'}") == []


@pytest.mark.filterwarnings("ignore")
def test_the_schema_on_postgresql_is_that_of_the_models(fresh_postgres: str) -> None:
    assert differences(fresh_postgres) == []
