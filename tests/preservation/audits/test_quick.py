"""Between full checks: what a listing can tell is found within the week, and the full check then decides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from preservation.audits import quick
from preservation.audits.fixity import fixity_run
from preservation.audits.quick import due_for_a_look, quick_run
from preservation.copies import holding
from preservation.models import Copy, CopyState
from tests.archives import House
from tests.preservation.dossiers import content, flip, incidents, keep, place, states

Damage = Callable[[Path, Path], object]
DAMAGES: dict[str, Damage] = {
    "file gone": lambda folder, file: file.unlink(),
    "file cut": lambda folder, file: file.write_bytes(file.read_bytes()[:-1]),
    "file more": lambda folder, file: (folder / "v1/content/la.txt").write_bytes(b"x"),
    "object gone": lambda folder, file: shutil.rmtree(folder),
    "sidecar gone": lambda folder, file: (folder / "inventory.json.sha512").unlink(),
    "inventory changed": lambda folder, file: flip(folder / "inventory.json"),
}


def a_week_later(house: House) -> None:
    house.clock.advance(days=7, minutes=1)


@pytest.mark.parametrize("what", DAMAGES)
def test_what_a_listing_can_tell_is_found_and_the_full_check_decides(house: House, what: str) -> None:
    house.archive.settings.repairs_a_day = 0
    dossier_id = keep(house)
    DAMAGES[what](place(house, dossier_id), content(house, dossier_id))
    assert (quick_run(house.archive).checked, incidents(house.archive)) == (0, [])
    a_week_later(house)
    found = quick_run(house.archive)
    assert (found.checked, found.suspect, incidents(house.archive)) == (2, 1, [])
    assert fixity_run(house.archive).faults  # due now, weeks before its time
    assert states(house.archive, dossier_id)["ban-sao"] is not CopyState.verified
    assert incidents(house.archive)


def test_a_doubt_queues_the_full_check(house: House) -> None:
    dossier_id = keep(house)
    content(house, dossier_id).unlink()
    a_week_later(house)
    quick_run(house.archive)
    drain(house.archive)
    assert {each.kind for each in incidents(house.archive)} >= {"missing"}


def test_changed_bytes_of_the_same_size_are_left_to_the_full_check(house: House) -> None:
    """It must not be taken for more than it is: no copy becomes verified by a quick look."""
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    a_week_later(house)
    with house.archive.look(THE_ARCHIVE) as work:
        before = work.session.get_one(Copy, (dossier_id, "ban-sao"))
    assert quick_run(house.archive).suspect == 0
    with house.archive.look(THE_ARCHIVE) as work:
        after = work.session.get_one(Copy, (dossier_id, "ban-sao"))
    assert (after.verified_at, after.next_check) == (before.verified_at, before.next_check)


def test_a_bounded_run_takes_the_oldest_and_the_next_one_goes_on(house: House) -> None:
    first = keep(house, 1)
    house.clock.advance(days=1)
    keep(house, 2)
    a_week_later(house)
    assert {each[0] for each in due_for_a_look(house.archive, 2, {"kho-chinh", "ban-sao"})} == {first}
    runs = [quick_run(house.archive, limit=2) for _ in range(3)]
    assert [(each.checked, each.more) for each in runs] == [(2, True), (2, True), (0, False)]


def test_several_workers_share_without_doubling(house: House) -> None:
    for number in range(1, 5):
        keep(house, number)
    a_week_later(house)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: quick_run(house.archive), range(3)))
    assert sum(each.checked for each in done) == 8


def test_a_copy_in_other_hands_and_a_root_that_is_away_are_left_alone(house: House) -> None:
    dossier_id = keep(house)
    a_week_later(house)
    with holding(house.archive, dossier_id, "ban-sao"):
        assert quick_run(house.archive).checked == 1
    root = house.archive.settings.data / "storage/2"
    root.rename(root.with_name("unplugged"))
    found = quick_run(house.archive)
    assert (found.checked, found.suspect) == (0, 0)
    root.with_name("unplugged").rename(root)
    assert quick_run(house.archive).checked == 1


def test_a_root_that_vanishes_under_the_look_blames_no_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(house)
    a_week_later(house)
    root = house.archive.settings.data / "storage/2"
    files = quick._files

    def unplugged(*args: object) -> dict[str, quick.SendersFile]:
        if root.exists():
            root.rename(root.with_name("unplugged"))
        return files(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(quick, "_files", unplugged)
    assert quick_run(house.archive).suspect == 0


def test_the_oldest_are_found_by_the_index_alone(house: House) -> None:
    keep(house)
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine: Engine = house.archive.engine
    event.listen(engine, "before_cursor_execute", note)
    due_for_a_look(house.archive, 10, {"ban-sao"})
    event.remove(engine, "before_cursor_execute", note)
    (query,) = [each for each in asked if "next_quick" in each]
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {query}", ("ban-sao", "2026", 10, 0)[: query.count("?")]
        )
        told = json.dumps([str(row) for row in plan])
    assert "ix_copy_quick" in told and "TEMP B-TREE" not in told
