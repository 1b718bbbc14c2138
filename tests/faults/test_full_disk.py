"""No room is left: nothing is lost or half there, the fault is ours, and it goes on when there is room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.kernel.objects import StoreFull
from archive_service.kernel.settings import Root
from archive_service.worker import drain
from ingest.models import SipState
from preservation.roots.markers import anchor_log, anchors_outside
from tests.archives import House, make_house
from tests.faults.disks import small_disk
from tests.faults.dossiers import (
    accept,
    accepted,
    assert_waiting,
    assert_whole,
    job_of,
    left_in_scratch,
    left_in_staging,
    package,
    receive,
    sip_of,
)


def house_with(tmp_path: Path, small: Path) -> House:
    """Its second root lies on the small disk."""
    first = Root(id="kho-chinh", url=(tmp_path / "one").as_uri(), failure_domain="1")
    second = Root(id="ban-sao", url=small.as_uri(), failure_domain="2")
    return make_house(tmp_path, storage=[first, second])


def test_a_full_root_keeps_the_package_waiting_and_nothing_half(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    with small_disk(pytestconfig, tmp_path / "two") as disk:
        house = house_with(tmp_path, disk.folder)
        sip_id = accepted(house, tmp_path / "sent")
        disk.fill(leave=16_384)
        drain(house.archive)
        assert sip_of(house.archive, sip_id).state is SipState.accepted
        assert_waiting(house, "store_sip", "ban-sao: A storage root is full")
        assert not [*disk.folder.glob("ocfl/*/*/*/urn%3auuid*"), *disk.folder.glob("deposit/*")]
        disk.make_room()
        house.clock.advance(hours=1)
        drain(house.archive)
        stored = sip_of(house.archive, sip_id)
        assert stored.state is SipState.stored and stored.dossier_id
        assert_whole(house.archive, stored.dossier_id)
        house.archive.close()


def test_a_full_root_does_not_keep_the_others_from_their_anchors(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    with small_disk(pytestconfig, tmp_path / "two") as disk:
        first = Root(id="day", url=disk.folder.as_uri(), failure_domain="1")
        second = Root(id="rong", url=(tmp_path / "one").as_uri(), failure_domain="2")
        house = make_house(tmp_path, storage=[first, second])
        disk.fill()
        with pytest.raises(StoreFull):
            anchor_log(house.archive)
        assert len(anchors_outside(house.archive)) == 1
        house.archive.close()


def test_a_full_staging_area_takes_nothing_and_says_so(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    with small_disk(pytestconfig, tmp_path / "staging") as disk:
        house = make_house(tmp_path, staging=disk.folder.as_uri())
        container = package(tmp_path / "sent")
        disk.fill()
        with pytest.raises(StoreFull) as refused:
            receive(house, container)
        assert (refused.value.status, refused.value.name) == (503, "store-full")
        assert left_in_staging(house.archive) == []
        disk.make_room()
        assert receive(house, container).new
        house.archive.close()


def test_a_full_scratch_disk_is_never_told_as_the_producer_s_fault(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    house = make_house(tmp_path)
    with small_disk(pytestconfig, tmp_path / "var/scratch") as disk:
        receipt = receive(house, package(tmp_path / "sent"))
        disk.fill(leave=8192)
        drain(house.archive)
        assert sip_of(house.archive, receipt.sip_id).state is SipState.checking
        assert_waiting(house, "process_sip", "No space left on device")
        disk.make_room()
        house.clock.advance(hours=1)
        drain(house.archive)
        judged = sip_of(house.archive, receipt.sip_id)
        assert (judged.state, judged.errors) == (SipState.awaiting_decision, 0)
        accept(house, receipt.sip_id)
        disk.fill(leave=8192)
        drain(house.archive)
        assert_waiting(house, "store_sip", "No space left on device")
        disk.make_room()
        house.clock.advance(hours=1)
        drain(house.archive)
        assert sip_of(house.archive, receipt.sip_id).state is SipState.stored
        assert list(left_in_scratch(house.archive)) == []
        assert job_of(house.archive, "store_sip").fault == ""
    house.archive.close()
