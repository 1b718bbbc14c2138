"""Copies damaged in different files are made whole from one another; a file that is good in none is a loss."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_service.worker import drain
from preservation.aips.repair import evidence_of
from preservation.models import CopyState
from tests.archives import House
from tests.preservation.audits.test_self_repair import premis
from tests.preservation.dossiers import audit, content, flip, incidents, keep, place, states

OTHER: dict[str, Callable[[Path], object]] = {
    "inventory": lambda folder: flip(folder / "inventory.json"),
    "sidecar": lambda folder: flip(folder / "inventory.json.sha512"),
    "declaration": lambda folder: (folder / "0=ocfl_object_1.1").unlink(),
    "content": lambda folder: flip(next((folder / "v1/content").rglob("*002.pdf"))),
    "version": lambda folder: flip(folder / "v1/inventory.json"),
}


@pytest.mark.parametrize("what", OTHER)
def test_together_they_hold_everything_and_are_made_whole(house: House, what: str) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id, "kho-chinh"))
    OTHER[what](place(house, dossier_id, "ban-sao"))
    audit(house)
    assert "lost" not in {each.kind for each in incidents(house.archive)}
    drain(house.archive)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.verified}
    assert audit(house).faults == 0
    for store in house.archive.stores.values():
        assert list(store.list(evidence_of(dossier_id)))
    assert premis(house, dossier_id).count("made good from") == 2


def test_a_file_that_is_good_in_no_copy_is_a_loss_whatever_else_is_good(house: House) -> None:
    dossier_id = keep(house)
    for root in ("kho-chinh", "ban-sao"):
        flip(content(house, dossier_id, root))
    shutil.rmtree(place(house, dossier_id) / "v1")
    audit(house)
    drain(house.archive)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}
