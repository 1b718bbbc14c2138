"""The parts of a set: database, software, metadata and facts, all of one moment, each sealed as it is made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from archive_service.backup.cipher import Part, seal
from archive_service.backup.facts import Facts, facts_of
from archive_service.backup.metadata import write_metadata
from archive_service.backup.servers import dumping, tool_version
from archive_service.backup.software import software_digest, write_software
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.rebuild.swap import fold, sqlite_file
from archive_service.work import Archive

DATABASE, SOFTWARE, METADATA, FACTS = (
    "database.age",
    "software.tar.gz.age",
    "metadata.xml.gz.age",
    "facts.json.age",
)


@dataclass(frozen=True, slots=True)
class Base:
    """The full set that an incremental one adds to: what it holds need not be taken again."""

    set_id: str
    log_number: int
    software: str
    """Digest of the software that it holds."""


@dataclass(frozen=True, slots=True)
class Made:
    parts: tuple[Part, ...]
    facts: Facts
    software: str
    dossiers: int
    """Whose metadata is in."""
    tools: dict[str, str]


def make_parts(archive: Archive, folder: Path, base: Base | None, recipients: Sequence[Any]) -> Made:
    """Seals every part into `folder`. Raises `ToolFailed`, `NotPossible` (a tool is missing), `OSError` (no room)."""
    with _snapshot(archive, folder, recipients) as (session, database):
        facts = facts_of(session, archive.keys.log)
        since = base.log_number if base else 0
        dossiers = write_metadata(session, folder / "metadata", since=since, at=archive.clock.now())
    parts = [database, _seal(folder / "metadata", folder / METADATA, recipients)]
    digest = software_digest()
    if base is None or base.software != digest:
        write_software(folder / "software")
        parts.append(_seal(folder / "software", folder / SOFTWARE, recipients))
    (folder / "facts").write_text(json.dumps(facts.plain(), indent=1), encoding="utf-8")
    parts.append(_seal(folder / "facts", folder / FACTS, recipients))
    return Made(tuple(parts), facts, digest, dossiers, _tools(archive))


def _seal(source: Path, target: Path, recipients: Sequence[Any]) -> Part:
    with source.open("rb") as stream:
        part = seal(stream, target, recipients)
    source.unlink()
    return part


def _tools(archive: Archive) -> dict[str, str]:
    if sqlite_file(archive.settings.database) is not None:
        return {"sqlite": sqlite3.sqlite_version}
    return {"pg_dump": tool_version("pg_dump", archive.settings.database)}


@contextmanager
def _snapshot(archive: Archive, folder: Path, recipients: Sequence[Any]) -> Iterator[tuple[Session, Part]]:
    """A session on the very state that the sealed database part holds."""
    file = sqlite_file(archive.settings.database)
    if file is None:
        with archive.look(THE_ARCHIVE) as work:
            snapshot = work.session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            with dumping(archive.settings.database, str(snapshot)) as stream:
                part = seal(stream, folder / DATABASE, recipients)
            yield work.session, part
        return
    copy = folder / "database"
    _copy_sqlite(file, copy)
    with copy.open("rb") as stream:
        part = seal(stream, folder / DATABASE, recipients)
    engine = open_engine(f"sqlite:///{copy}")
    try:
        with Session(engine) as session:
            yield session, part
    finally:
        engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)


def _copy_sqlite(file: Path, copy: Path) -> None:
    """By SQLite's own backup, in one step: one moment, while others read and write."""
    source, target = sqlite3.connect(file, timeout=60), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    fold(copy)
