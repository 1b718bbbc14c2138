"""What a database says of itself: rows, schema and log. A restored one is held against what the source said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session

from archive_service.kernel import log
from archive_service.kernel.log import Anchor
from archive_service.kernel.rows import table_of
from archive_service.kernel.state import archive_state
from archive_service.rebuild.snapshots import models

MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Facts:
    archive_id: str
    schema: str
    epoch: int
    anchor: dict[str, Any]
    """The head of the log, signed."""
    rows: dict[str, int]
    log_faults: list[str]
    """Faults that the log had then. It is backed up as it was: a broken log must not stop the backups."""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def facts_of(session: Session, key: Ed25519PrivateKey) -> Facts:
    """Counts every table, in the session's one snapshot."""
    state, anchor = archive_state(session), log.sign_head(session, key)
    return Facts(
        archive_id=str(state.archive_id),
        schema=schema_of(session),
        epoch=state.epoch,
        anchor=asdict(anchor),
        rows=dict(_counts(session)),
        log_faults=_log_faults(session, anchor, key.public_key()),
    )


def _log_faults(session: Session, anchor: Anchor, key: Ed25519PublicKey) -> list[str]:
    faults = log.verify(log.lines_from(session), [anchor], key)
    return [f"log: {fault.code} {fault.number}" for fault in islice(faults, MOST_FAULTS)]


def schema_of(session: Session) -> str:
    return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or "")


def _counts(session: Session) -> Iterator[tuple[str, int]]:
    for name, model in sorted(models().items()):
        yield name, session.execute(select(func.count()).select_from(table_of(model))).scalar_one()


def faults_of(engine: Engine, facts: Facts, key: Ed25519PublicKey) -> list[str]:
    """Everything in which the restored database is not what was backed up: rows, schema, log chain, integrity."""
    missing = sorted(set(facts.rows) - set(inspect(engine).get_table_names()))
    if missing:
        return [f"table {name}: missing" for name in missing]
    found = list(_integrity(engine))
    with Session(engine) as session:
        if (schema := schema_of(session)) != facts.schema:
            found.append(f"schema: {schema}, expected {facts.schema}")
        if (archive_id := str(archive_state(session).archive_id)) != facts.archive_id:
            found.append(f"archive: {archive_id}, expected {facts.archive_id}")
        counts = dict(_counts(session))
        found += [
            f"{name}: {counts.get(name)} rows, expected {number}"
            for name, number in facts.rows.items()
            if counts.get(name) != number
        ]
        held = _log_faults(session, Anchor(**facts.anchor), key)
        found += [fault for fault in held if fault not in facts.log_faults]
    return found


def _integrity(engine: Engine) -> Iterator[str]:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            for (told,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
                if told != "ok":
                    yield f"integrity: {told}"
            for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20):
                yield f"foreign key: {row[0]} {row[1]}"
