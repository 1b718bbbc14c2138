"""Each receipt of a certified destruction list is missed when it is lost, and none that was never owed."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from archive_service.invariants import check_invariants
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.events import Verb
from archive_service.kernel.state import archive_state
from archive_service.worker import drain
from preservation.models import Dossier, ErasureReceipt
from retention.destruction.receipts import ALWAYS
from tests.archives import House, make_house
from tests.preservation.roots.test_encrypted_root import roots
from tests.retention.shelf import Hands, shelve


def told(house: House) -> list[tuple[str, str]]:
    return [(each.code, each.expected) for each in check_invariants(house.archive, OPERATOR).breaches]


def places(house: House, dossier_id: UUID) -> set[str]:
    own = select(ErasureReceipt.place).where(ErasureReceipt.dossier_id == dossier_id)
    with house.archive.look(THE_ARCHIVE) as work:
        return set(work.session.scalars(own))


def test_each_single_receipt_is_missed(tmp_path: Path) -> None:
    house = make_house(tmp_path, storage=roots(tmp_path, False, True))
    dossier_id, hands = shelve(house), Hands(house)
    hands.execute(hands.started(dossier_id))
    drain(house.archive)
    assert told(house) == []
    given = places(house, dossier_id)
    assert {"key", "staging", "cache", *ALWAYS} <= given
    for place in sorted(given):
        with house.archive.work(THE_ARCHIVE) as work:
            receipt = work.session.get_one(ErasureReceipt, (dossier_id, place))
            work.session.expunge(receipt)
            work.session.execute(delete(ErasureReceipt).where(ErasureReceipt.place == place))
        code = "certificate-with-debts" if place in ALWAYS else "receipt-lost"
        assert (code, place) in told(house)
        with house.archive.work(THE_ARCHIVE) as work:
            work.session.merge(receipt)
    assert told(house) == []
    house.archive.close()


@pytest.mark.parametrize(("rebuilt", "expected"), [(True, []), (False, [("receipt-lost", "copy:cu")])])
def test_an_erasure_before_a_rebuild_may_lack_its_receipt(
    house: House, rebuilt: bool, expected: list[tuple[str, str]]
) -> None:
    """The log may have come back to a later moment than the lists and receipts: the list goes on from there."""
    dossier_id, hands = shelve(house), Hands(house)
    started = hands.started(dossier_id)
    with house.archive.work(THE_ARCHIVE) as work:
        work.record(Verb.copy_erased, work.session.get_one(Dossier, dossier_id), place="copy:cu")
        if rebuilt:
            work.record(Verb.archive_rebuilt, archive_state(work.session))
    hands.execute(started)
    drain(house.archive)
    assert told(house) == expected
