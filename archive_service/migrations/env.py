"""Alembic's entry. SQLite cannot alter tables, so changes go through batch copies there."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import ingest.models  # noqa: F401
import preservation.models
import preservation.watch_models  # noqa: F401
import retention.models  # noqa: F401
from archive_service.kernel import jobs, log, organisation, people, state  # noqa: F401
from archive_service.kernel.db import Base, Json, UtcInstant

engine = context.config.attributes["engine"]


def render_ours(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our own column types by their names, so that a revision reads as the models do."""
    ours = "UtcInstant()" if isinstance(thing, UtcInstant) else "Json" if thing is Json else ""
    if kind != "type" or not ours:
        return False
    autogen.imports.add("from archive_service.kernel.db import Json, UtcInstant")
    return ours


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
