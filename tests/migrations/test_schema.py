"""The schema that the migrations make is the schema that the models describe, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Inspector, create_engine, inspect, text

from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.errors import NotPossible
from archive_service.migrations import require_current, upgrade


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database made by the migrations."""
    file = tmp_path_factory.mktemp("schema") / "a.db"
    url = f"sqlite:///{file}" if request.param == "sqlite" else request.getfixturevalue("module_postgres")
    made = open_engine(url)
    upgrade(made)
    yield made
    made.dispose()


def test_the_models_ask_for_nothing_that_the_migrations_do_not_make(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def checks(found: Inspector) -> dict[tuple[str, str], set[str]]:
    """Table and name of each CHECK → the words that it lists (alembic compares none of these)."""
    return {
        (table, str(check["name"])): set(re.findall(r"'([^']*)'", str(check["sqltext"])))
        for table in found.get_table_names()
        for check in found.get_check_constraints(table)
    }


def test_every_column_of_states_allows_what_its_model_allows(engine: Engine, tmp_path: Path) -> None:
    wanted = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    Base.metadata.create_all(wanted)
    assert checks(inspect(engine)) == checks(inspect(wanted))
    wanted.dispose()


def test_every_constraint_has_a_name_of_ours(engine: Engine) -> None:
    found, unnamed = inspect(engine), []
    for table in sorted(set(found.get_table_names()) - {"alembic_version"}):
        several: list[Any] = [*found.get_foreign_keys(table), *found.get_unique_constraints(table)]
        several += [*found.get_check_constraints(table), found.get_pk_constraint(table)]
        unnamed += [
            (table, each)
            for each in several
            if not str(each["name"]).startswith(("fk_", "uq_", "ck_", "pk_"))
        ]
    assert unnamed == []


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    require_current(engine)


def test_a_database_of_another_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        known = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(NotPossible, match="9999"):
            require_current(engine)
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :known"), {"known": known})


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    empty = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(NotPossible, match="archive init"):
        require_current(empty)
    empty.dispose()
