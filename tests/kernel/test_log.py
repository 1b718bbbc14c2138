"""The log shows every alteration: cut, recomputed, erased, removed, changed, moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from archive_service.kernel import log
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.events import Event, Verb
from archive_service.kernel.log import Line, LogEntry, LogHead

KEY = Ed25519PrivateKey.generate()
NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = open_engine(f"sqlite:///{tmp_path / 'log.db'}")
    Base.metadata.create_all(
        engine, [Base.metadata.tables[t] for t in ("log_entry", "log_detail", "log_head")]
    )
    with Session(engine) as session:
        session.add(LogHead())
        session.flush()
        for hour in range(6):
            seal(session, hour)
        yield session
    engine.dispose()


def seal(session: Session, hour: int) -> None:
    event = Event(Verb.dossier_read, "dossier", f"d{hour}", detail={"title": f"Hồ sơ {hour}"})
    log.seal(session, THE_ARCHIVE, NOON + timedelta(hours=hour), [event])


def lines_of(session: Session) -> list[Line]:
    session.flush()
    return list(log.lines_from(session))


def codes(lines: list[Line], anchors: list[log.Anchor]) -> set[str]:
    return {fault.code for fault in log.verify(lines, anchors, KEY.public_key())}


def test_an_unaltered_log_is_whole(session: Session) -> None:
    assert codes(lines_of(session), [log.sign_head(session, KEY)]) == set()
    assert list(log.index_faults(session)) == []


def test_a_cut_tail_shows(session: Session) -> None:
    anchor = log.sign_head(session, KEY)
    assert codes(lines_of(session)[:-2], [anchor]) == {"tail-cut"}


def test_a_chain_recomputed_from_entry_1_shows(session: Session) -> None:
    anchor = log.sign_head(session, KEY)
    assert codes(recomputed(lines_of(session)), [anchor]) == {"recomputed"}


def recomputed(lines: list[Line]) -> list[Line]:
    """What a forger with the database would write: every link right, one act told differently."""
    previous, forged = log.FIRST, []
    for line in lines:
        body = json.loads(line.body)
        body["previous"], body["subject"] = previous, "another"
        forged.append(replace(line, body=rfc8785.dumps(body)))
        previous = hashlib.sha256(forged[-1].body).hexdigest()
    return forged


def test_a_removed_entry_shows(session: Session) -> None:
    lines = lines_of(session)
    assert "removed" in codes(lines[:2] + lines[3:], [log.sign_head(session, KEY)])


def test_a_changed_entry_shows(session: Session) -> None:
    lines = lines_of(session)
    body = json.loads(lines[2].body)
    body["outcome"] = "failure"
    lines[2] = replace(lines[2], body=rfc8785.dumps(body))
    assert "changed" in codes(lines, [])


def test_the_last_entry_changed_shows_against_the_anchor(session: Session) -> None:
    lines, anchor = lines_of(session), log.sign_head(session, KEY)
    body = json.loads(lines[-1].body)
    body["outcome"] = "failure"
    lines[-1] = replace(lines[-1], body=rfc8785.dumps(body))
    assert codes(lines, [anchor]) == {"recomputed"}


def test_moved_entries_show(session: Session) -> None:
    lines = lines_of(session)
    lines[1], lines[3] = lines[3], lines[1]
    assert codes(lines, []) & {"moved", "removed"}


def test_a_changed_detail_shows_and_an_erased_one_does_not_break_the_chain(session: Session) -> None:
    lines = lines_of(session)
    assert codes([replace(lines[0], detail="{}"), *lines[1:]], []) == {"detail-changed"}
    assert codes([replace(lines[0], detail=None, salt=None), *lines[1:]], []) == set()


def test_an_anchor_signed_by_another_key_is_refused(session: Session) -> None:
    anchor = log.sign_head(session, Ed25519PrivateKey.generate())
    assert codes(lines_of(session), [anchor]) == {"anchor-signature"}


def test_a_filter_column_that_says_something_else_shows(session: Session) -> None:
    session.get_one(LogEntry, 3).verb = "dossier.stored"
    session.flush()
    assert [fault.number for fault in log.index_faults(session)] == [3]


def test_the_clock_running_back_is_noticed(session: Session) -> None:
    last = NOON + timedelta(hours=5)
    assert log.clock_ran_back(session, last - timedelta(seconds=6))
    assert not log.clock_ran_back(session, last - timedelta(seconds=4))
