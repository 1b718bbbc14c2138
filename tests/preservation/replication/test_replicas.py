"""A copy that is owed is made, and never brings back what was destroyed meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

import preservation.replication.replicas
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.objects import ObjectStore
from archive_service.work import Archive
from preservation.aips.amend import amend, event_of
from preservation.aips.erase import erase
from preservation.models import Copy, CopyState
from preservation.ocfl.copies import copy_object
from preservation.ocfl.layout import object_path
from preservation.replication.replicas import make_copy
from preservation.verify import CopyFault, verify_copy
from tests.archives import House
from tests.preservation.dossiers import audit, keep, place, states


def owed(house: House) -> UUID:
    """A dossier that one root lacks."""
    dossier_id = keep(house)
    shutil.rmtree(place(house, dossier_id))
    with house.archive.work(THE_ARCHIVE) as work:
        missing = update(Copy).where(Copy.root_id == "ban-sao")
        work.session.execute(missing.values(state=CopyState.owed, version=0))
    return dossier_id


def test_what_a_root_lacks_is_made_and_proven(house: House) -> None:
    dossier_id = owed(house)
    make_copy(house.archive, str(dossier_id), "ban-sao")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_a_copy_made_while_its_dossier_is_destroyed_goes_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = owed(house)

    def destroyed_first(*args: object) -> object:
        result = copy_object(*args)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            patch.setattr(preservation.aips.erase, "erase_object", lambda *_: 0)  # gone before we wrote
            house.clock.advance(minutes=3)  # we stood still for so long that our lease ended
            erase(house.archive, dossier_id, ground="expired", entry_id=None)
        return result

    monkeypatch.setattr(preservation.replication.replicas, "copy_object", destroyed_first)
    make_copy(house.archive, str(dossier_id), "ban-sao")
    assert not any(house.archive.stores["ban-sao"].list(object_path(f"urn:uuid:{dossier_id}")))


def test_a_copy_made_while_its_dossier_is_amended_is_still_owed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called good, the older version would be told as damage by the next audit."""
    dossier_id = owed(house)
    event = event_of("recovery", house.clock.now(), "test")

    def amended_after(*given: Any) -> Iterator[CopyFault]:
        yield from verify_copy(*given)
        amend(house.archive, dossier_id, lambda now: {**now, "events": [event]}, "Ghi sự kiện")

    with monkeypatch.context() as patch:
        patch.setattr(preservation.replication.replicas, "verify_copy", amended_after)
        with pytest.raises(TryLater):
            make_copy(house.archive, str(dossier_id), "ban-sao")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.owed
    make_copy(house.archive, str(dossier_id), "ban-sao")
    assert audit(house).faults == 0
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_copies_are_destroyed_by_whoever_holds_the_delete_credentials(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id, asked = keep(house), []

    def eraser(archive: Archive, root_id: str) -> ObjectStore:
        asked.append(root_id)
        return archive.stores[root_id]

    monkeypatch.setattr(Archive, "eraser", eraser)
    erase(house.archive, dossier_id, ground="expired", entry_id=None)
    assert sorted(asked) == ["ban-sao", "kho-chinh"]
