"""Where the new database is built, and how it takes the place of the old one.

SQLite: beside the old file, and then by one rename; there is a whole database under the name at every moment. PostgreSQL:
into another, empty database named by `--into`, which then becomes the setting `database`.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.engine import make_url

from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.settings import Settings
from archive_service.kernel.state import ArchiveState

REBUILDING = "rebuilding"
"""Note of the archive's state while a rebuild is under way: such a database may be begun anew, no other one."""
SIDE_FILES = ("-wal", "-shm")


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, None for a server."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def building_site(settings: Settings, into: str | None) -> str:
    """The URL to build into: `into`, or beside the SQLite file. Raises `NotPossible` where only a person can say."""
    if into:
        return into
    file = sqlite_file(settings.database)
    if file is None:
        raise NotPossible(
            "Đề nghị chỉ rõ cơ sở dữ liệu mới, còn trống: --into postgresql+psycopg://…",
            "Name a new, empty database to build into: --into postgresql+psycopg://…",
            name="into-needed",
        )
    return f"sqlite:///{file.with_name(file.name + '.rebuilt')}"


def clear_site(url: str) -> None:
    """Removes what an interrupted rebuild left there. Raises `NotPossible` when it holds anything else."""
    engine = open_engine(url)
    try:
        tables = set(inspect(engine).get_table_names())
        if not tables:
            return
        if not _unfinished(engine, tables):
            raise NotPossible(
                "Cơ sở dữ liệu đích không trống; không ghi gì vào đó.",
                "The database to build into is not empty; nothing was written there.",
                name="target-not-empty",
            )
        Base.metadata.drop_all(engine)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    finally:
        engine.dispose()


def _unfinished(engine: Engine, tables: set[str]) -> bool:
    if "archive_state" not in tables:
        return tables <= {"alembic_version"}
    with engine.connect() as connection:
        notes = connection.execute(select(ArchiveState.note)).scalars().all()
    return all(note.startswith(REBUILDING) for note in notes)


def take_place(old: Path, new: Path, stamp: str) -> Path | None:
    """Puts the file `new` where `old` is; returns where `old` is kept, None when there was none.

    Raises `Conflict` while another process has the old database open.
    """
    fold(new)
    kept = None
    if old.exists():
        fold(old)
        kept = old.with_name(f"{old.name}.before-{stamp}")
        os.link(old, kept)
        for suffix in SIDE_FILES:  # only an unreadable database still has them
            side = old.with_name(old.name + suffix)
            if side.exists():
                side.replace(kept.with_name(kept.name + suffix))
    new.replace(old)
    handle = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return kept


def fold(file: Path) -> None:
    """Puts the write-ahead log into the file; SQLite does so only for whoever has the database alone."""
    connection = sqlite3.connect(file, timeout=2, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise Conflict(
            "Cơ sở dữ liệu đang được dùng. Đề nghị dừng `archive serve` rồi chạy lại.",
            "The database is in use. Stop `archive serve` and run this again.",
            name="database-in-use",
        ) from error
    except sqlite3.DatabaseError:
        return  # damaged: that may be why it is rebuilt
    finally:
        connection.close()
