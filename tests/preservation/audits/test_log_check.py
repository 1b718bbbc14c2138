"""The log in the database held against its anchors, on both databases: whoever alters rows is found out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rfc8785
from sqlalchemy import Connection, delete, insert, select, text, update

from archive_service.kernel import log
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry, LogHead
from archive_service.work import Archive
from preservation.audits.log_check import check_chain
from preservation.roots.markers import anchor_log, read_marker, write_marker
from tests.archives import House, make_archive

Alteration = Callable[[Connection], object]
TABLES: tuple[Any, ...] = (LogEntry.__table__, LogDetail.__table__, LogHead.__table__)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def anchored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive with a dozen entries; the head of all but the last two is in the markers."""
    settings: dict[str, Any] = {}
    if request.param == "postgresql":
        settings["database"] = request.getfixturevalue("module_postgres")
    archive = make_archive(tmp_path_factory.mktemp("log"), **settings)
    anchor_log(archive)
    with archive.work(OPERATOR) as work:
        for _ in range(2):
            work.record_of(Verb.log_exported, "log", None, remark="sau neo")
    yield archive
    archive.close()


@pytest.fixture
def archive(anchored: Archive) -> Iterator[Archive]:
    """What a test altered is put right after it."""
    with anchored.engine.connect() as connection:
        kept = [connection.execute(select(table)).mappings().all() for table in TABLES]
    markers = {root: read_marker(store) for root, store in anchored.stores.items()}
    yield anchored
    for root, marker in markers.items():
        assert marker is not None
        write_marker(anchored.stores[root], marker)
    with anchored.engine.begin() as connection:
        for table in reversed(TABLES):
            connection.execute(delete(table))
        for table, rows in zip(TABLES, kept, strict=True):
            connection.execute(insert(table), [dict(row) for row in rows])


def codes_after(archive: Archive, alter: Alteration) -> set[str]:
    with archive.engine.begin() as connection:
        alter(connection)
    return {fault.code for fault in check_chain(archive, OPERATOR).faults}


def last(connection: Connection) -> int:
    return int(
        connection.execute(select(LogEntry.number).order_by(LogEntry.number.desc())).scalars().first() or 0
    )


def remove(connection: Connection, number: int) -> None:
    connection.execute(delete(LogDetail).where(LogDetail.number == number))
    connection.execute(delete(LogEntry).where(LogEntry.number == number))


def write(connection: Connection, number: int, body: bytes) -> None:
    """As a careful forger: the columns beside the body say the same."""
    digest = hashlib.sha256(body).hexdigest()
    connection.execute(update(LogEntry).where(LogEntry.number == number).values(body=body, digest=digest))


def move_head(connection: Connection) -> None:
    row = connection.execute(
        select(LogEntry.number, LogEntry.digest).where(LogEntry.number == last(connection))
    )
    number, digest = row.one()
    connection.execute(update(LogHead).values(number=number, digest=digest))


def cut(connection: Connection) -> None:
    remove(connection, last(connection))


def cut_with_its_head(connection: Connection) -> None:
    for _ in range(4):
        cut(connection)
    move_head(connection)


def change(connection: Connection, number: int) -> None:
    body = json.loads(
        bytes(connection.execute(select(LogEntry.body).where(LogEntry.number == number)).scalar_one())
    )
    write(connection, number, rfc8785.dumps(body | {"outcome": "failure"}))


def swap(connection: Connection) -> None:
    first, second = (
        bytes(connection.execute(select(LogEntry.body).where(LogEntry.number == number)).scalar_one())
        for number in (2, 3)
    )
    write(connection, 2, second)
    write(connection, 3, first)


def recompute(connection: Connection) -> None:
    """Every link right, one act told differently, the head moved along."""
    previous = log.FIRST
    for number, body in connection.execute(
        select(LogEntry.number, LogEntry.body).order_by(LogEntry.number)
    ).all():
        told = json.loads(bytes(body)) | {"previous": previous, "outcome": "failure"}
        write(connection, number, rfc8785.dumps(told))
        previous = hashlib.sha256(rfc8785.dumps(told)).hexdigest()
    move_head(connection)


def erase(connection: Connection) -> None:
    connection.execute(delete(LogDetail).where(LogDetail.number == 3))


def retell(connection: Connection) -> None:
    connection.execute(update(LogDetail).where(LogDetail.number == 3).values(detail="{}"))


def rewrite_as_text(connection: Connection, number: int) -> None:
    """As somebody at SQLite's own prompt does it: the column then holds a text."""
    body = connection.execute(select(LogEntry.body).where(LogEntry.number == number)).scalar_one()
    told = bytes(body).decode().replace("success", "failure")
    connection.execute(
        text("UPDATE log_entry SET body = :told WHERE number = :number"), {"told": told, "number": number}
    )


def relabel(connection: Connection) -> None:
    connection.execute(update(LogEntry).where(LogEntry.number == 3).values(verb="dossier.stored"))


ALTERATIONS: dict[str, tuple[Alteration, str]] = {
    "its newest entry cut off": (cut, "tail-cut"),
    "its tail cut off, the head moved along": (cut_with_its_head, "tail-cut"),
    "an entry removed": (lambda connection: remove(connection, 3), "removed"),
    "an entry changed": (lambda connection: change(connection, 3), "changed"),
    "its newest entry changed": (lambda connection: change(connection, last(connection)), "recomputed"),
    "an entry rewritten as text": (lambda connection: rewrite_as_text(connection, 3), "changed"),
    "its newest entry rewritten as text": (
        lambda connection: rewrite_as_text(connection, last(connection)),
        "recomputed",
    ),
    "entries moved": (swap, "moved"),
    "recomputed from entry 1": (recompute, "recomputed"),
    "a detail retold": (retell, "detail-changed"),
    "a column for queries changed": (relabel, "index-changed"),
}


def test_a_log_that_nobody_touched_is_whole(archive: Archive) -> None:
    assert check_chain(archive, OPERATOR).faults == ()


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_log_altered_in_the_database_shows(archive: Archive, what: str) -> None:
    alter, code = ALTERATIONS[what]
    assert code in codes_after(archive, alter)


@pytest.mark.parametrize("value", ["10000000000000", "-1", "1.5", "CAST(x'fffe' AS TEXT)"])
def test_what_is_no_bytes_at_all_in_sqlite_is_told_as_changed(house: House, value: str) -> None:
    """A column of SQLite holds whatever it is given; a check that ends in a traceback tells of no entry."""
    told = text(f"UPDATE log_entry SET body = {value} WHERE number = 3")
    assert "changed" in codes_after(house.archive, lambda connection: connection.execute(told))


def test_an_erased_detail_breaks_nothing(archive: Archive) -> None:
    assert codes_after(archive, erase) == set()


def test_a_forged_end_that_the_next_hour_signs_does_not_replace_the_anchor_before(archive: Archive) -> None:
    anchor_log(archive)
    codes_after(archive, lambda connection: (change(connection, last(connection)), move_head(connection)))
    anchor_log(archive)
    assert {fault.code for fault in check_chain(archive, OPERATOR).faults} == {"recomputed"}
    marker = read_marker(archive.stores["kho-chinh"])
    assert marker and len(marker.anchors) == 3


def test_who_looked_at_the_head_before_others_sealed_still_seals_after_them(archive: Archive) -> None:
    """Destruction looks at the head's time first. On SQLite whoever writes is the only one."""
    if archive.engine.dialect.name == "sqlite":
        return
    with archive.work(OPERATOR) as early:
        looked = early.session.get_one(LogHead, 1)
        with archive.work(OPERATOR) as other:
            other.record_of(Verb.log_exported, "log", None)
        early.record_of(Verb.log_exported, "log", None)
        before = looked.number
    assert check_chain(archive, OPERATOR).faults == () and looked.number == before + 2
