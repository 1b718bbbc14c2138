"""An interrupted rebuild goes on where it was, and ends with what an uninterrupted one would have made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive_service.kernel.clock import MovableClock
from archive_service.kernel.db import open_engine
from archive_service.kernel.settings import Settings
from archive_service.rebuild import checkpoint, dossiers, rebuild, run
from archive_service.rebuild.compare import compare
from archive_service.rebuild.report import Progress
from archive_service.work import Archive
from preservation.roots.markers import read_marker, write_marker
from search.index import AccessFilter, Clause, Query
from tests.faults.crashes import calls, killed_at
from tests.past import Past
from tests.rebuild.test_rebuild import lose_database

EVERYTHING = AccessFilter((Clause(frozenset({"public", "conditional", "closed"})),))


def cut_off_at(step: str, done: int) -> Progress:
    def progress(now: str, far: int, total: int) -> None:
        if (now, far) == (step, done):
            raise KeyboardInterrupt

    return progress


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that are entered, one a transaction."""
    found: list[str] = []
    enter = dossiers._enter_all

    def noting(target: Archive, fits: Sequence[dossiers.Fit], *rest: Any) -> int:
        found.extend(read.object_id for read, _ in fits)
        return enter(target, fits, *rest)

    monkeypatch.setattr(dossiers, "_enter_all", noting)
    monkeypatch.setattr(dossiers, "BATCH", 1)
    return found


def assert_brought_back(past: Past, lost: Path) -> None:
    archive = past.house.archive
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, archive.engine)) == []
    old.dispose()
    page = archive.index.search(Query(text="sap xep kho luu tru"), EVERYTHING)
    assert {UUID(hit.entry.dossier_id) for hit in page.hits} == {past.plain, past.amended, past.listed}
    assert not (archive.settings.data / checkpoint.FILE).exists()


@pytest.mark.parametrize("done", [1, 2, 3])
def test_dossiers_that_were_entered_are_not_read_again(past: Past, entered: list[str], done: int) -> None:
    lost = lose_database(past.house.archive)
    with pytest.raises(KeyboardInterrupt):
        rebuild(past.house.archive, cut_off_at("dossiers", done))
    assert not (past.house.archive.settings.data / "archive.db").exists()
    report = rebuild(past.house.archive)
    assert report.whole and report.dossiers == 3 and report.rows["person"]
    assert len(entered) == len(set(entered)) == 3
    assert_brought_back(past, lost)


def test_the_index_is_filled_again_and_no_dossier_entered_twice(past: Past, entered: list[str]) -> None:
    lost = lose_database(past.house.archive)
    with pytest.raises(KeyboardInterrupt):
        rebuild(past.house.archive, cut_off_at("index", 3))
    assert rebuild(past.house.archive).whole
    assert len(entered) == 3
    assert_brought_back(past, lost)


def test_between_the_long_steps_it_is_begun_anew(past: Past, entered: list[str]) -> None:
    lost = lose_database(past.house.archive)
    with pytest.raises(KeyboardInterrupt):
        rebuild(past.house.archive, cut_off_at("terms", 3))
    assert rebuild(past.house.archive).whole
    assert len(entered) == 6
    assert_brought_back(past, lost)


def test_what_the_first_part_told_is_told_at_the_end(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossiers, "BATCH", 1)
    lose_database(past.house.archive)
    archive = past.house.archive
    (base, *_) = (archive.settings.data / "storage/1/ocfl").rglob(
        f"*{past.plain}/v1/content/metadata/dossier.json"
    )
    other = next(
        (archive.settings.data / "storage/2").rglob(f"*{past.plain}/v1/content/metadata/dossier.json")
    )
    for path in (base, other):
        path.write_bytes(b"{}")
    with pytest.raises(KeyboardInterrupt):
        rebuild(archive, cut_off_at("index", 2))
    report = rebuild(archive)
    assert report.unreadable[0] == f"urn:uuid:{past.plain}"


def test_other_roots_than_before_begin_it_anew(past: Past, entered: list[str]) -> None:
    """Somebody started the archive in between: its marker moved on."""
    lost = lose_database(past.house.archive)
    with pytest.raises(KeyboardInterrupt):
        rebuild(past.house.archive, cut_off_at("dossiers", 2))
    store = past.house.archive.stores["ban-sao"]
    marker = read_marker(store)
    assert marker is not None
    write_marker(store, run.replace(marker, anchors=marker.anchors[:-1]))
    assert rebuild(past.house.archive).whole
    assert len(entered) == 2 + 3
    assert_brought_back(past, lost)


def test_a_torn_note_of_how_far_it_came_begins_it_anew(past: Past, entered: list[str]) -> None:
    lost = lose_database(past.house.archive)
    with pytest.raises(KeyboardInterrupt):
        rebuild(past.house.archive, cut_off_at("dossiers", 2))
    file = past.house.archive.settings.data / checkpoint.FILE
    file.write_bytes(file.read_bytes()[:-9])
    assert rebuild(past.house.archive).whole
    assert_brought_back(past, lost)


def opened(settings: Settings, clock: MovableClock) -> Archive:
    return Archive(settings, clock)


@pytest.mark.timeout(3600)
def test_killed_at_any_step_it_goes_on_to_the_same_end(past: Past) -> None:
    lost = lose_database(past.house.archive)
    archive = past.house.archive
    for at in calls(every=9):
        killed = killed_at(partial(opened, archive.settings, past.house.clock), rebuild, at)
        if not killed:
            break
    assert at > 25, "the bomb counted too little to have been in the way"
    assert_brought_back(past, lost)
