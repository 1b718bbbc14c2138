"""Alembic's entry. SQLite cannot alter tables, so changes go through batch copies there."""

from alembic import context

import ingest.models  # noqa: F401
import preservation.models  # noqa: F401
import retention.models  # noqa: F401
from archive_service.kernel import jobs, log, organisation, people, state  # noqa: F401
from archive_service.kernel.db import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
