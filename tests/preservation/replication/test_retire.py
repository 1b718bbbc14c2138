"""A root is taken out of service for good only where nothing lacks copies; what its medium holds still is destroyed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.initialise import initialise
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.settings import Root, Settings
from archive_service.rebuild.found import find_roots
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.work import Archive
from preservation.aips.erase import KEY, erase
from preservation.audits.fixity import RunReport, fixity_run
from preservation.invariants.storage import copies_are_there, roots_answer
from preservation.models import Copy, CopyState, ErasureReceipt, StorageRoot
from preservation.ocfl.layout import object_path
from preservation.replication import retire, without
from preservation.replication.bring import bring_root
from preservation.replication.replicas import copies_owed
from preservation.replication.retire import note_destroyed, retire_root
from preservation.roots.markers import anchor_log, check_roots, read_marker, require_roots, root_trouble
from preservation.watch_models import RetiredRoot
from tests.archives import MORNING, House, make_house
from tests.judges.java import Verdict
from tests.preservation.dossiers import audit, content, dossier_of, flip, incidents, keep, states

OLD = "dia-cu"
TODAY = MORNING.date()


def with_third(house: House, folder: Path, *, encrypted: bool = False) -> House:
    """The same archive with a third root, its medium in a folder of its own, filled."""
    old = house.archive.settings
    url = (folder / "dia cu").as_uri()
    third = Root(id=OLD, name="Đĩa cũ", url=url, failure_domain="3", encrypted=encrypted)
    house.archive.close()
    house.archive = Archive(Settings(data=old.data, storage=[*old.storage, third]), house.clock)
    bring_root(house.archive, OPERATOR, OLD)
    keep_system_objects(house.archive, now=True)
    return house


def without_third(house: House) -> Archive:
    """The process that starts after its table left the settings."""
    old = house.archive.settings
    house.archive.close()
    house.archive = Archive(Settings(data=old.data, storage=old.storage[:2]), house.clock)
    return house.archive


@pytest.fixture
def three(house: House, tmp_path: Path) -> Iterator[House]:
    keep(house)
    keep(house, 2)
    yield with_third(house, tmp_path)
    house.archive.close()


def first(house: House) -> UUID:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Copy.dossier_id).order_by(Copy.dossier_id).limit(1)).one()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def retired(house: House, days: int = 30) -> bytes:
    found, paper = retire_root(house.archive, OPERATOR, OLD, days)
    assert found.whole and paper is not None, found.lacking
    return paper


def receipts(archive: Archive, dossier_id: UUID) -> dict[str, ErasureReceipt]:
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(ErasureReceipt).where(ErasureReceipt.dossier_id == dossier_id))
        return {row.place: row for row in rows}


def test_a_root_is_taken_out_its_bytes_stay_and_its_marker_says_so(three: House, tmp_path: Path) -> None:
    before = bytes_of(tmp_path / "dia cu")
    paper = retired(three)
    after = bytes_of(tmp_path / "dia cu")
    assert {path for path in before | after if before.get(path) != after.get(path)} == {
        str(tmp_path / "dia cu/archive-root.json")
    }
    assert paper.startswith(b"%PDF") and states(three.archive, first(three)).keys() == {
        "kho-chinh",
        "ban-sao",
    }
    marker = read_marker(three.archive.stores[OLD])
    assert marker is not None and marker.retired_at
    with three.archive.look(THE_ARCHIVE) as work:
        assert work.session.get(StorageRoot, OLD) is None
        assert work.session.get_one(RetiredRoot, OLD).facts["held"] == 2


def test_who_runs_meanwhile_writes_nothing_there_and_raises_no_alarm(three: House, tmp_path: Path) -> None:
    """Another process has the table in its settings until it is started again."""
    retired(three)
    before = bytes_of(tmp_path / "dia cu")
    third = keep(three, 3)
    copies_owed(three.archive)
    anchor_log(three.archive)
    keep_system_objects(three.archive, now=True)
    assert audit(three).stopped == {}
    assert states(three.archive, third).keys() == {"kho-chinh", "ban-sao"}
    assert bytes_of(tmp_path / "dia cu") == before
    assert incidents(three.archive) == [] and OLD not in check_roots(three.archive)
    assert [*roots_answer(three.archive), *copies_are_there(three.archive)] == []


@pytest.mark.parametrize("begin", [require_roots, initialise])
def test_a_retired_root_that_is_configured_is_refused_at_start(
    three: House, tmp_path: Path, begin: Callable[[Archive], object]
) -> None:
    retired(three)
    before = bytes_of(tmp_path / "dia cu")
    for there in (True, False):
        if not there:
            shutil.move(tmp_path / "dia cu", tmp_path / "két")
        with pytest.raises(NotPossible) as refused:
            begin(three.archive)
        assert refused.value.name == "root-retired"
    assert list(bytes_of(tmp_path / "két").values()) == list(before.values())
    assert not (tmp_path / "dia cu").exists()
    begin(without_third(three))


def test_a_rebuild_takes_no_retired_root(three: House) -> None:
    retired(three)
    with pytest.raises(NotPossible) as refused:
        find_roots(three.archive)
    assert refused.value.name == "root-retired"


def test_nothing_is_retired_while_a_record_would_lack_a_copy(three: House) -> None:
    dossier_id = first(three)
    flip(content(three, dossier_id))
    three.clock.advance(days=40)  # so that what remains is read now
    found, paper = retire_root(three.archive, OPERATOR, OLD, 30)
    assert (paper, found.lacking, found.whole) == (None, [str(dossier_id)], False)
    assert states(three.archive, dossier_id)["ban-sao"] is CopyState.changed
    assert root_trouble(three.archive, OLD) == ("online", "")
    with three.archive.look(THE_ARCHIVE) as work:
        assert work.session.get(RetiredRoot, OLD) is None and work.session.get(StorageRoot, OLD)


def test_with_no_days_everything_is_read_now(three: House) -> None:
    flip(content(three, first(three)))
    found, paper = retire_root(three.archive, OPERATOR, OLD, 0)
    assert paper is None and found.lacking_count == 1


def test_a_system_object_that_would_lack_copies_is_named(three: House) -> None:
    for path in (three.archive.settings.data / "storage/2/ocfl").rglob("*holds*/inventory.json"):
        path.write_bytes(b"{}")
    found, paper = retire_root(three.archive, OPERATOR, OLD, 30)
    assert paper is None and [each.rpartition("-")[0].rpartition("-")[0] for each in found.lacking] == [
        "holds"
    ]


def test_the_last_roots_are_not_retired(house: House) -> None:
    keep(house)
    with pytest.raises(NotPossible) as refused:
        retire_root(house.archive, OPERATOR, "ban-sao", 30)
    assert refused.value.name == "too-few-roots"
    with pytest.raises(NotPossible) as refused:
        retire_root(house.archive, OPERATOR, "dia-9", 30)
    assert refused.value.name == "no-such-root"


def test_interrupted_before_its_rows_it_is_stopped_and_run_again(three: House) -> None:
    with patch.object(retire, "delete", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        retire_root(three.archive, OPERATOR, OLD, 30)
    require_roots(three.archive)
    assert root_trouble(three.archive, OLD) == ("stopped", "root-retired")
    retired(three)


def test_the_reading_goes_on_where_it_was_interrupted(three: House) -> None:
    three.clock.advance(days=40)
    three.archive.settings.run_objects = 1
    runs: list[RunReport] = []

    def once(archive: Archive) -> RunReport:
        if runs:
            raise KeyboardInterrupt
        runs.append(fixity_run(archive))
        return runs[0]

    with patch.object(without, "fixity_run", once), pytest.raises(KeyboardInterrupt):
        retire_root(three.archive, OPERATOR, OLD, 30)
    told: list[tuple[int, int]] = []
    found, paper = retire_root(
        three.archive, OPERATOR, OLD, 30, lambda done, total, left: told.append((done, total))
    )
    assert found.whole and paper
    assert told == [(1, 3), (2, 3), (3, 3)]  # four copies, one of them was read before


def test_the_minutes_of_a_retired_root_are_drawn_again_byte_for_byte(three: House) -> None:
    paper = retired(three)
    three.clock.advance(days=1)
    without_third(three)
    assert retire_root(three.archive, OPERATOR, OLD, 30)[1] == paper


def test_a_dead_disk_is_retired_and_the_minutes_say_that_its_marker_does_not(
    three: House, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "dia cu")
    retired(three)
    with three.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(RetiredRoot, OLD).facts["marked"] is False
    with pytest.raises(NotPossible):
        require_roots(three.archive)


def test_destruction_waits_for_a_plain_medium_and_ends_when_that_is_destroyed(three: House) -> None:
    dossier_id = first(three)
    retired(three)
    without_third(three)
    assert not erase(three.archive, dossier_id, ground="expired", entry_id=None)
    owed = [place for place, row in receipts(three.archive, dossier_id).items() if row.gone_at is None]
    assert owed == [f"copy:{OLD}"]
    three.clock.advance(days=2)
    with pytest.raises(NotPossible):  # a day before it was retired
        note_destroyed(three.archive, OPERATOR, OLD, TODAY - timedelta(days=1), "Lê Thị Lan")
    assert note_destroyed(three.archive, OPERATOR, OLD, TODAY + timedelta(days=1), "Lê Thị Lan") == 1
    assert erase(three.archive, dossier_id, ground="expired", entry_id=None)
    told = receipts(three.archive, dossier_id)[f"copy:{OLD}"].detail
    assert told == {"medium_destroyed": str(TODAY + timedelta(days=1)), "by": "Lê Thị Lan"}
    with pytest.raises(NotPossible):
        note_destroyed(three.archive, OPERATOR, OLD, date(2026, 3, 3), "Lê Thị Lan")


def test_what_came_after_a_root_was_retired_does_not_wait_for_its_medium(three: House) -> None:
    retired(three)
    without_third(three)
    three.clock.advance(days=2)
    later = keep(three, 3)
    assert erase(three.archive, later, ground="expired", entry_id=None)
    assert f"copy:{OLD}" not in receipts(three.archive, later)


def test_an_encrypted_medium_is_shredded_by_the_key(house: House, tmp_path: Path) -> None:
    dossier_id = keep(house)
    with_third(house, tmp_path, encrypted=True)
    retired(house)
    without_third(house)
    object_id = dossier_of(house.archive, dossier_id).object_id
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)
    found = receipts(house.archive, dossier_id)
    assert found[f"copy:{OLD}"].detail["how"] == "key destroyed" and found[KEY].gone_at is not None
    assert house.archive.keystore.find(object_id) is None
    assert (tmp_path / "dia cu" / object_path(object_id)).is_dir()
    house.archive.close()


def test_erasures_that_can_be_made_are_made_first(three: House) -> None:
    dossier_id = first(three)
    with patch("preservation.aips.erase.erase_object", side_effect=_busy):
        erase(three.archive, dossier_id, ground="expired", entry_id=None)
    with pytest.raises(NotPossible) as refused:
        retire_root(three.archive, OPERATOR, OLD, 30)
    assert refused.value.name == "erasures-owed"


def _busy(*_: object) -> int:
    raise TryLater("bận", "busy")


def test_the_minutes_are_pdf_a(
    three: House, tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    (tmp_path / "bien-ban.pdf").write_bytes(retired(three))
    verdict = verapdf([tmp_path / "bien-ban.pdf"], "2b")
    assert verdict.accepted, verdict.said


def test_the_retirement_survives_in_every_root(three: House) -> None:
    retired(three)
    keep_system_objects(three.archive, now=True)
    base = three.archive.settings.data / "storage/1/ocfl"
    rows = [
        json.loads(line)
        for path in base.rglob("retired_root.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert [row["id"] for row in rows] == [OLD]


def test_an_archive_keeps_working_after_it(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    keep(house)
    with_third(house, tmp_path)
    retired(house)
    without_third(house)
    require_roots(house.archive)
    keep(house, 2)
    assert audit(house).faults == 0
    house.archive.close()
