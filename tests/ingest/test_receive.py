"""Receiving: streamed, digested, known by its bytes; and when it counts as received in law."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.accounts.people import enter_person, give_role_at_start
from archive_service.kernel.errors import Forbidden, NotPossible, TooLarge
from archive_service.kernel.permissions import Role
from ingest.accept import return_sip
from ingest.models import SipState
from ingest.receive import receive_sip, sweep_staging
from tests.archives import House, make_house
from tests.sending import another, give_back, judged, packed, send, sip_of, sips, verbs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"), max_upload_bytes=1 << 20)
    yield house
    house.archive.close()


def staged(house: House) -> list[str]:
    return [info.key for info in house.archive.staging.list()]


class Cut:
    """A connection that is cut after some bytes."""

    def __init__(self) -> None:
        self.left = 3

    def read(self, size: int = -1) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise ConnectionResetError
        return b"PK" * 1000


def test_what_is_received_is_in_the_log_and_waits_to_be_judged(house: House, tmp_path: Path) -> None:
    receipt = send(house, packed(tmp_path, another("11")))
    assert receipt.new and receipt.state is SipState.received
    assert verbs(house)[-1] == "sip.received"


def test_the_same_bytes_again_are_the_same_submission(house: House, tmp_path: Path) -> None:
    package = packed(tmp_path, another("12"))
    first, before = send(house, package), staged(house)
    again = send(house, package)
    assert (again.sip_id, again.new, staged(house)) == (first.sip_id, False, before)


def test_the_same_bytes_from_another_account_are_its_own(house: House, tmp_path: Path) -> None:
    """To answer with the first one's address would tell what others sent."""
    package = packed(tmp_path, another("13"))
    with house.archive.work(house.actor("administrator")) as work:
        second = enter_person(work, "nop-thu-hai", "Người nộp thứ hai", unit_id=house.unit.id)
        give_role_at_start(work, second, Role.producer)
    house.people["second"] = second
    assert send(house, package).sip_id != send(house, package, who="second").sip_id


def test_a_cut_connection_leaves_nothing(house: House) -> None:
    before, rows = staged(house), len(sips(house))
    actor = house.actor("producer")
    with pytest.raises(ConnectionResetError):
        receive_sip(house.archive, actor, Cut(), name="a.zip", media_type="application/zip")  # type: ignore[arg-type]
    assert (staged(house), len(sips(house))) == (before, rows)


@pytest.mark.parametrize(
    ("data", "promised", "error"),
    [
        (b"PK..", {"sha256": "0" * 64}, "digest-mismatch"),
        (b"PK..", {"sha512": "0" * 128}, "digest-mismatch"),
        (b"", {}, "empty-container"),
    ],
)
def test_what_did_not_arrive_as_promised_is_not_kept(
    house: House, data: bytes, promised: dict[str, str], error: str
) -> None:
    before = staged(house)
    with pytest.raises(NotPossible) as refused:
        send(house, data, promised=promised)
    assert (refused.value.name, staged(house)) == (error, before)


def test_more_than_the_limit_is_refused_and_not_kept(house: House) -> None:
    before = staged(house)
    with pytest.raises(TooLarge):
        send(house, b"x" * ((1 << 20) + 1))
    assert staged(house) == before


def test_other_media_types_are_not_taken(house: House) -> None:
    with pytest.raises(NotPossible, match="Media type"):
        send(house, b"PK..", kind="text/plain")


def test_a_reader_may_not_submit(house: House) -> None:
    with pytest.raises(Forbidden):
        send(house, b"PK..", who="reader")


def test_returned_bytes_sent_again_are_a_new_linked_try(house: House, tmp_path: Path) -> None:
    package = packed(tmp_path, another("14"))
    first = judged(house, package)
    give_back(house, first)
    second = sip_of(house, send(house, package).sip_id)
    assert (second.previous_id, second.try_number) == (first.id, 2)


def test_remains_of_an_upload_that_was_cut_off_are_swept(house: House) -> None:
    remains = house.archive.settings.data / "staging/deposit/half"
    remains.write_bytes(b"half")
    os.utime(remains, (1, 1))
    sweep_staging(house.archive)
    assert not remains.exists()


def test_a_return_needs_a_reason(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("15")))
    with pytest.raises(NotPossible, match="reason"), house.archive.work(house.actor("officer")) as work:
        return_sip(work, sip.id, reason="  ngắn  ", version=sip.row_version)
