"""What belongs to no dossier lies in every root, soon after it changed and not more often than it must."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.log import LogEntry, LogHead
from archive_service.kernel.objects import ObjectStore
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.worker import drain
from preservation.leases import alone
from preservation.models import SystemObject
from preservation.ocfl.inventory import INVENTORY
from preservation.ocfl.state import object_state
from preservation.ocfl.store import object_ids, open_file, read_inventory
from preservation.ocfl.validate import check
from preservation.signatures.again import VERDICTS
from preservation.system.objects import TAIL, anchor
from preservation.system.store import SYSTEM, system_id
from retention.holds import HoldOrder, place_hold
from tests.archives import House
from tests.preservation.dossiers import audit, incidents, keep


def place(house: House, number: str = "44/CV-TTr") -> None:
    order = HoldOrder(number, date(2026, 3, 1), "Phục vụ thanh tra", fonds_id=house.fonds.id)
    with house.archive.work(house.actor("records_manager")) as work:
        place_hold(work, order)


def lines(house: House, name: str, path: str, root: str = "ban-sao") -> list[dict[str, Any]]:
    store = house.archive.stores[root]
    with open_file(store, read_inventory(store, system_id(name)), path) as stream:
        return [json.loads(line) for line in stream]


def head(house: House, name: str) -> int:
    inventory = object_state(house.archive.stores["ban-sao"], system_id(name)).inventory
    return inventory.head if inventory else 0


def test_a_hold_lies_in_every_root(house: House) -> None:
    place(house)
    drain(house.archive)
    for root in house.archive.stores:
        assert [row["order_number"] for row in lines(house, "holds-2026-03", "hold.jsonl", root)] == [
            "44/CV-TTr"
        ]
    assert all(not list(check(store)) for store in house.archive.stores.values())


def test_people_are_kept_without_secrets(house: House) -> None:
    keep_system_objects(house.archive)
    people = lines(house, "people-2026-03", "person.jsonl")
    assert {"quantri", "reader"} <= {person["username"] for person in people}
    assert "argon2" not in json.dumps(people)


def test_many_changes_within_minutes_are_one_version(house: House) -> None:
    place(house, "1/CV")
    drain(house.archive)
    for number in range(2, 5):
        place(house, f"{number}/CV")
        drain(house.archive)
    assert head(house, "holds-2026-03") == 1
    house.clock.advance(minutes=16)
    keep_system_objects(house.archive)
    assert (head(house, "holds-2026-03"), len(lines(house, "holds-2026-03", "hold.jsonl"))) == (2, 4)


def test_what_did_not_change_gets_no_version(house: House) -> None:
    keep_system_objects(house.archive)
    house.clock.advance(days=1)
    assert keep_system_objects(house.archive) == []


def test_a_month_without_change_has_no_object(house: House) -> None:
    keep_system_objects(house.archive)
    house.clock.advance(days=31)
    assert "people-2026-04" not in keep_system_objects(house.archive, now=True)


def test_the_log_goes_out_once_a_day_and_on_demand(house: House) -> None:
    keep_system_objects(house.archive)
    place(house)
    house.clock.advance(hours=1)
    keep_system_objects(house.archive)
    assert head(house, "log-2026-03") == 1
    keep_system_objects(house.archive, now=True)
    assert head(house, "log-2026-03") == 2


def test_the_segments_hold_every_entry_once_and_no_detail(house: House) -> None:
    place(house)
    keep_system_objects(house.archive)
    place(house)
    keep_system_objects(house.archive, now=True)
    found = list(entries(house))
    with house.archive.look(THE_ARCHIVE) as work:
        bodies = work.session.scalars(select(LogEntry.body).order_by(LogEntry.number)).all()
    assert found == list(bodies)
    assert b"Thanh tra" not in b"".join(found) and b"44/CV" not in b"".join(found)


def entries(house: House) -> Iterator[bytes]:
    store = house.archive.stores["ban-sao"]
    inventory = read_inventory(store, system_id("log-2026-03"))
    for path in sorted(inventory.files()):
        with open_file(store, inventory, path) as stream:
            yield from (line.rstrip(b"\n") for line in stream)


def test_beside_each_anchor_lie_the_entries_that_are_in_no_segment(house: House) -> None:
    keep_system_objects(house.archive)
    place(house)
    anchored = anchor(house.archive)
    with house.archive.stores["ban-sao"].open(TAIL) as stream:
        numbers = [json.loads(line)["number"] for line in stream]
    with house.archive.look(THE_ARCHIVE) as work:
        segment = work.session.get_one(SystemObject, "log-2026-03").upto
        assert work.session.get_one(LogHead, 1).number == numbers[-1]
    assert numbers[0] == segment + 1 and anchored.number in numbers


def test_verdicts_leave_staging_when_a_root_has_them(house: House) -> None:
    house.archive.staging.put(f"{VERDICTS}/run-1.jsonl", b'{"signature": "1"}\n')
    assert "verdicts-2026-03" in keep_system_objects(house.archive)
    assert lines(house, "verdicts-2026-03", "runs/run-1.jsonl") == [{"signature": "1"}]
    assert list(house.archive.staging.list(VERDICTS)) == []


def test_a_root_that_was_away_is_brought_up_to_date(house: House) -> None:
    base = house.archive.settings.data / "storage/2"
    base.rename(base.with_name("away"))
    keep_system_objects(house.archive)
    base.with_name("away").rename(base)
    keep_system_objects(house.archive)
    assert lines(house, "people-2026-03", "person.jsonl")


def test_while_the_newest_version_is_away_a_new_object_is_begun(house: House) -> None:
    storage = house.archive.settings.data / "storage"
    (storage / "2").rename(storage / "away")
    keep_system_objects(house.archive)
    (storage / "away").rename(storage / "2")
    (storage / "1").rename(storage / "away")
    place(house)
    written = keep_system_objects(house.archive, now=True)
    (storage / "away").rename(storage / "1")
    assert "holds-2026-03-2" in written
    keep_system_objects(house.archive, now=True)
    assert all(not list(check(store)) for store in house.archive.stores.values())


def test_what_a_crash_left_in_one_root_is_finished_in_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import preservation.system.objects as written

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(written, "enter_written", dies)  # bytes are in the roots, the row is not
        keep_system_objects(house.archive)
    house.clock.advance(minutes=30)
    place(house)
    keep_system_objects(house.archive, now=True)
    assert len(lines(house, "holds-2026-03", "hold.jsonl")) == 1
    with house.archive.look(THE_ARCHIVE) as work:
        bodies = work.session.scalars(select(LogEntry.body).order_by(LogEntry.number)).all()
    assert list(entries(house)) == list(bodies)


def test_what_a_crash_left_written_is_known_by_the_next_run_though_nothing_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no audit would ever read it: no row, no next check."""
    import preservation.system.objects as written

    class Died(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Died

    place(house)
    for _ in range(5):  # it dies at the first kind that is not known yet, run after run
        with monkeypatch.context() as patch, pytest.raises(Died):
            patch.setattr(written, "enter_written", dies)
            keep_system_objects(house.archive, now=True)
    keep_system_objects(house.archive, now=True)
    with house.archive.look(THE_ARCHIVE) as work:
        rows = {row.name: row for row in work.session.scalars(select(SystemObject))}
    for root, store in house.archive.stores.items():
        there = {each.removeprefix(SYSTEM) for each in object_ids(store) if each.startswith(SYSTEM)}
        assert there == set(rows)
        for name, row in rows.items():
            state = object_state(store, system_id(name))
            assert hashlib.sha512(state.data).hexdigest() == row.inventory_digest
            assert root in row.roots


def test_a_version_that_a_crash_left_torn_is_finished_though_nothing_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its root would be told as damaged until the next change."""
    import preservation.ocfl.store as writer

    class Died(BaseException):
        pass

    def dies_halfway(store: ObjectStore, path: str, data: bytes) -> None:
        store.put(f"{path}/{INVENTORY}", data)
        raise Died

    keep_system_objects(house.archive, now=True)
    place(house)
    keep_system_objects(house.archive, now=True)
    place(house, "45/CV-TTr")
    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(writer, "write_root_pair", dies_halfway)
        keep_system_objects(house.archive, now=True)
    assert any(list(check(store)) for store in house.archive.stores.values())
    keep_system_objects(house.archive, now=True)
    assert all(not list(check(store)) for store in house.archive.stores.values())
    assert len(lines(house, "holds-2026-03", "hold.jsonl")) == 2
    with house.archive.look(THE_ARCHIVE) as work:
        assert all(
            set(row.roots) == {"kho-chinh", "ban-sao"} for row in work.session.scalars(select(SystemObject))
        )


def test_only_one_process_writes_them_at_a_time(house: House) -> None:
    with alone(house.archive, "system-objects") as mine:
        assert mine
        assert keep_system_objects(house.archive) == []
    assert keep_system_objects(house.archive) != []


def test_a_damaged_system_object_is_told_and_made_good(house: House) -> None:
    keep(house)
    keep_system_objects(house.archive)
    (damaged,) = (house.archive.settings.data / "storage/2").rglob("v1/content/person.jsonl")
    damaged.write_bytes(b"[]")
    audit(house)
    assert [(each.kind, each.root_id) for each in incidents(house.archive)] == [("changed", "ban-sao")]
    assert lines(house, "people-2026-03", "person.jsonl")
    assert all(not list(check(store)) for store in house.archive.stores.values())
