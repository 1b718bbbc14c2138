"""The schema's one line of history, applied from code so that no command has to find an ini file."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from archive_service.kernel.errors import NotPossible


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> None:
    command.upgrade(_config(engine), "head")


def schema_head(engine: Engine) -> str:
    """The version that this software makes; nothing is asked of the database."""
    return ScriptDirectory.from_config(_config(engine)).get_current_head() or ""


def require_current(engine: Engine) -> None:
    """Refuses to start on a database of another version: writing to it could lose what we do not know."""
    head = schema_head(engine)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise NotPossible(
            f"Cơ sở dữ liệu ở phiên bản {found or 'trống'}, phần mềm cần {head}. Đề nghị chạy `archive init`.",
            f"The database is at version {found or 'none'}, the software needs {head}. Run `archive init`.",
            name="wrong-database-version",
        )
