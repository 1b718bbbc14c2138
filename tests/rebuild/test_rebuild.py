"""Promise 5: the catalogue and the index can be rebuilt from storage alone."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select, update

from archive_service.accounts.signin import must_change_password, sign_in
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import Kept, open_engine
from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.log import LogEntry
from archive_service.kernel.state import archive_state
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import COMES_FROM, NO_TABLE, SNAPSHOTS, models, undeclared
from archive_service.rebuild.swap import fold
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.audits.fixity import fixity_run
from preservation.models import Copy, CopyState, Dossier, DossierState
from preservation.roots.markers import MARKER, anchors_outside, require_roots
from retention.after_rebuild import release_destruction
from retention.destruction.papers import list_papers, load_paper
from search.index import AccessFilter, Clause, Query
from tests.past import Past
from tests.preservation.dossiers import flip, place

EVERYTHING = AccessFilter((Clause(frozenset({"public", "conditional", "closed"})),))


def lose_database(archive: Archive) -> Path:
    """The database and the index are gone; returns where a copy for comparing lies."""
    file = archive.settings.data / "archive.db"
    archive.engine.dispose()
    fold(file)
    kept = file.rename(file.with_name("lost.db"))
    archive.__dict__.pop("index", None)
    shutil.rmtree(archive.settings.data / "index", ignore_errors=True)
    return kept


def test_every_rebuilt_table_comes_back_row_for_row(past: Past) -> None:
    lost = lose_database(past.house.archive)
    report = rebuild(past.house.archive)
    assert report.whole, report
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, past.house.archive.engine)) == []
    old.dispose()
    assert (report.dossiers, report.rows["dossier"], report.rows["hold"]) == (3, 1, 1)
    tables = {table for snapshot in SNAPSHOTS for table in snapshot.tables} - NO_TABLE
    assert tables <= report.rows.keys()  # also those that this past has no row of


def test_the_comparison_finds_a_row_that_is_changed_missing_or_too_much(past: Past, tmp_path: Path) -> None:
    lost = lose_database(past.house.archive)
    rebuild(past.house.archive)
    archive = past.house.archive
    with archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(Dossier).where(Dossier.id == past.plain).values(title="khác"))
        work.session.connection().exec_driver_sql("DELETE FROM hold")
        work.session.connection().exec_driver_sql("UPDATE unit SET code = 'X' WHERE code = 'MOI'")
    old = open_engine(f"sqlite:///{lost}")
    found = {(each.table, each.column) for each in compare(old, archive.engine)}
    extra = {(each.table, each.column) for each in compare(archive.engine, old)}
    old.dispose()
    assert found == {("dossier", "title"), ("hold", ""), ("unit", "code")}
    assert ("hold", "") in extra


def test_the_index_is_made_anew_and_finds(past: Past) -> None:
    lose_database(past.house.archive)
    rebuild(past.house.archive)
    page = past.house.archive.index.search(Query(text="sap xep kho luu tru"), EVERYTHING)
    assert {UUID(hit.entry.dossier_id) for hit in page.hits} == {past.plain, past.amended, past.listed}


def test_what_was_destroyed_stays_destroyed_and_tells_why(past: Past) -> None:
    lose_database(past.house.archive)
    rebuild(past.house.archive)
    with past.house.archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get_one(Dossier, past.destroyed)
    assert (dossier.state, dossier.tombstone["ground"]) == (DossierState.destroyed, "expired")


def test_destruction_stays_locked_until_two_people_release_it(past: Past) -> None:
    lose_database(past.house.archive)
    rebuild(past.house.archive)
    house = past.house
    list_id = past.hands.listed(past.hands.propose(past.amended)).id
    past.hands.send(list_id)
    past.hands.answer(list_id)
    past.hands.send_on(list_id)
    past.hands.decide(list_id)
    house.clock.advance(days=8)
    with pytest.raises(Conflict) as refused:
        past.hands.start(list_id)
    assert refused.value.name == "destruction-locked"
    with house.archive.work(house.actor("head")) as work:
        assert release_destruction(work).destruction_locked


def test_the_minutes_and_the_certificate_come_back(past: Past) -> None:
    lose_database(past.house.archive)
    shutil.rmtree(past.house.archive.settings.data / "staging/papers")
    assert rebuild(past.house.archive).whole
    with past.house.archive.look(THE_ARCHIVE) as work:
        papers = list(list_papers(work))
    assert {paper.which for paper in papers} == {"minutes", "certificate"}
    assert all(load_paper(past.house.archive, paper) for paper in papers)


def test_the_rebuilt_archive_goes_on_working(past: Past) -> None:
    lose_database(past.house.archive)
    rebuild(past.house.archive, passwords={"quantri": "Mat-khau-2"})
    archive = past.house.archive
    require_roots(archive)
    with archive.look(THE_ARCHIVE) as work:
        assert set(work.session.scalars(select(Copy.state))) == {CopyState.not_checked}
        assert archive_state(work.session).note == ""
    assert fixity_run(archive).faults == 0
    drain(archive)
    _, session = sign_in(archive, "quantri", "Mat-khau-2")
    with archive.look(THE_ARCHIVE) as work:
        assert must_change_password(work, session.person_id)


def test_the_log_is_whole_and_says_that_it_was_rebuilt(past: Past) -> None:
    from archive_service.kernel.actors import OPERATOR
    from preservation.audits.log_check import check_chain

    lose_database(past.house.archive)
    rebuild(past.house.archive)
    assert check_chain(past.house.archive, OPERATOR).faults == ()
    with past.house.archive.look(THE_ARCHIVE) as work:
        newest = work.session.scalars(select(LogEntry.verb).order_by(LogEntry.number.desc()).limit(1)).one()
    assert newest == "archive.rebuilt"


def test_entries_beyond_the_last_one_found_are_told_and_their_anchors_leave_the_markers(past: Past) -> None:
    past.hands.hold(past.amended)
    house = past.house
    from preservation.roots.markers import anchor_log

    anchored = anchor_log(house.archive)  # an anchor, and its entries nowhere but in the database
    lose_database(past.house.archive)
    report = rebuild(house.archive)
    assert report.lost_anchors == [anchored.number]
    assert not report.whole
    assert max(each.number for each in anchors_outside(house.archive)) <= report.log_entries


def test_one_root_is_enough(past: Past) -> None:
    lost = lose_database(past.house.archive)
    shutil.rmtree(past.house.archive.settings.data / "storage/1")
    assert rebuild(past.house.archive).whole
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, past.house.archive.engine)) == []
    old.dispose()


def test_a_description_damaged_in_one_root_is_read_from_the_other(past: Past) -> None:
    lose_database(past.house.archive)
    flip(next((place_of(past, past.plain) / "v1").rglob("dossier.json")))
    assert rebuild(past.house.archive).whole


def test_a_dossier_that_no_root_gives_is_told_and_the_others_come_back(past: Past) -> None:
    folders = [place(past.house, past.plain, root) for root in ("kho-chinh", "ban-sao")]
    lose_database(past.house.archive)
    for folder in folders:
        flip(next((folder / "v1").rglob("dossier.json")))
    report = rebuild(past.house.archive)
    assert [each.partition(" ")[0] for each in report.unreadable] == [f"urn:uuid:{past.plain}", "hold"]
    assert report.dossiers == 2


def place_of(past: Past, dossier_id: UUID) -> Path:
    from preservation.ocfl.layout import object_path

    return past.house.archive.settings.data / "storage/1" / object_path(f"urn:uuid:{dossier_id}")


def test_without_any_marker_nothing_is_rebuilt(past: Past) -> None:
    lose_database(past.house.archive)
    for number in ("1", "2"):
        (past.house.archive.settings.data / "storage" / number / MARKER).unlink()
    with pytest.raises(NotPossible) as refused:
        rebuild(past.house.archive)
    assert refused.value.name == "no-roots"


def test_nothing_is_swapped_under_a_process_that_works(past: Past) -> None:
    file = past.house.archive.settings.data / "archive.db"
    other = sqlite3.connect(file)
    other.execute("SELECT count(*) FROM dossier").fetchone()
    with pytest.raises(Conflict) as refused:
        rebuild(past.house.archive)
    other.close()
    assert refused.value.name == "database-in-use"


def test_a_drill_changes_nothing_that_is_in_service(past: Past, tmp_path: Path) -> None:
    archive = past.house.archive
    before = archive.index.count()
    into = f"sqlite:///{tmp_path / 'drill.db'}"
    assert rebuild(archive, into=into, drill=True).whole
    drilled = open_engine(into)
    assert list(compare(archive.engine, drilled)) == []
    drilled.dispose()
    assert archive.index.count() == before


def test_a_database_that_holds_something_is_not_built_into(past: Past) -> None:
    with pytest.raises(NotPossible) as refused:
        rebuild(past.house.archive, into=past.house.archive.settings.database)
    assert refused.value.name == "target-not-empty"


def test_a_rebuild_into_postgresql_equals_row_for_row(past: Past, fresh_postgres: str) -> None:
    archive = past.house.archive
    assert rebuild(archive, into=fresh_postgres, drill=True).whole
    built = open_engine(fresh_postgres)
    assert list(compare(archive.engine, built)) == []
    built.dispose()


def test_every_table_says_whether_a_rebuild_brings_it_back() -> None:
    assert undeclared(models()) == []
    assert COMES_FROM.keys() - NO_TABLE <= models().keys()


def test_a_table_that_does_not_say_so_is_found() -> None:
    class Plain:
        pass

    class Forgotten:
        kept: ClassVar[Kept] = "rebuilt"

    found = {**models(), "plain": Plain, "forgotten": Forgotten}
    assert undeclared(found) == ["forgotten", "plain"]
