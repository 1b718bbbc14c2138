"""Writing to all roots at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from archive_service.kernel.jobs import Claim, LeaseLost, current_claim
from archive_service.kernel.objects import ObjectStore, Source
from preservation.aips.store import NotAsAccepted, senders_digests, write_everywhere
from preservation.ocfl.store import read_inventory, write_version
from tests.archives import House
from tests.builders import BagBuilder
from tests.preservation.dossiers import intake_of
from tests.preservation.ocfl.made import ID, planned, read_file


def meet_before_writing(store: ObjectStore, meeting: threading.Barrier) -> None:
    real = store.put_tree

    def put_tree(prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        meeting.wait(timeout=10)
        real(prefix, entries)

    store.put_tree = put_tree  # type: ignore[method-assign]


def test_roots_are_written_side_by_side(house: House) -> None:
    meeting = threading.Barrier(2)
    for store in house.archive.stores.values():
        meet_before_writing(store, meeting)
    assert write_everywhere(house.archive, planned(), {}) == (("kho-chinh", "ban-sao"), ())


def test_a_worker_whose_job_was_taken_over_removes_nothing(house: House) -> None:
    """The threads that write the roots must know whose job they do."""
    for store in house.archive.stores.values():
        write_version(store, planned({"a": b"of the worker that has the job"}))
    token = current_claim.set(Claim(uuid4(), "store_sip", (), 1))
    try:
        with pytest.raises(LeaseLost):
            write_everywhere(house.archive, planned({"a": b"of the late one"}), {})
    finally:
        current_claim.reset(token)
    for store in house.archive.stores.values():
        assert read_file(store, read_inventory(store, ID), "a") == b"of the worker that has the job"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_package_that_differs_from_its_judgement_by_one_digest_is_not_stored(
    house: House, tmp_path: Path, algorithm: str
) -> None:
    bag = BagBuilder(documents=1).build(tmp_path / "bag")
    intake = intake_of(house, bag)
    assert senders_digests(intake, bag)
    other = replace(intake.files[0], **{algorithm: "0" * 64})
    with pytest.raises(NotAsAccepted):
        senders_digests(replace(intake, files=(other, *intake.files[1:])), bag)
