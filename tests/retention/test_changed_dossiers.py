"""A dossier that changes while it is on a list: what people said about the old one does not count for the new one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict
from archive_service.worker import drain
from preservation.aips.amend import amend, propose_amendment, proven_description
from preservation.models import DossierState
from retention.assess import assess_owed
from retention.models import Answer, Assessment, EntryState
from tests.archives import House
from tests.preservation.dossiers import keep
from tests.retention.shelf import Hands

TWO_YEARS = {"FileCode": "000.00.12.H43.2020.1.TTr", "FileNotation": "1.TTr", "Maintenance": "2 năm"}


def five_years(description: dict[str, Any]) -> dict[str, Any]:
    description["dossier"]["maintenance"] = "5 năm"
    return description


def test_what_was_corrected_after_it_was_listed_is_not_decided(house: House, hands: Hands) -> None:
    """Both terms are over; reviewers and reason spoke of the other one."""
    key = keep(house, dossier=TWO_YEARS)
    list_id = hands.reviewed(key)
    amend(house.archive, key, five_years, "Sửa thời hạn bảo quản")
    with pytest.raises(Conflict) as refused:
        hands.decide(list_id)
    assert refused.value.name == "list-changed"
    assert (hands.entry(list_id).answer, hands.dossier(key).state) == (Answer.taken_out, DossierState.stored)


def test_what_is_just_being_amended_is_not_destroyed(house: House, hands: Hands) -> None:
    key = keep(house, dossier=TWO_YEARS)
    list_id = hands.started(key)
    with house.archive.work(THE_ARCHIVE) as work:
        changed = five_years(proven_description(house.archive, hands.dossier(key)))
        propose_amendment(work, key, changed, "Sửa thời hạn bảo quản")
    hands.execute(list_id)
    assert hands.entry(list_id).state is EntryState.withdrawn
    drain(house.archive)
    assert (hands.dossier(key).maintenance, hands.dossier(key).state) == ("5 năm", DossierState.stored)


def test_the_due_list_learns_of_a_corrected_term(house: House) -> None:
    key = keep(house, dossier=TWO_YEARS)
    assess_owed(house.archive)
    amend(house.archive, key, five_years, "Sửa thời hạn bảo quản")
    drain(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Assessment, key).ends_on == date(2025, 12, 31)
