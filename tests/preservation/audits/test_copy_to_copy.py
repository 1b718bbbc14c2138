"""A copy that agrees with itself in everything and is another object all the same."""

from __future__ import annotations

import shutil

from preservation.aips.store import US
from preservation.audits.restore import restore_copy
from preservation.models import CopyState
from preservation.ocfl.plan import file_of
from preservation.ocfl.store import create_object
from preservation.ocfl.validate import check
from tests.archives import House
from tests.preservation.dossiers import audit, dossier_of, incidents, keep, place, states


def test_a_coherent_object_with_other_contents_is_found_in_its_root_and_made_good(house: House) -> None:
    dossier_id = keep(house)
    dossier, store = dossier_of(house.archive, dossier_id), house.archive.stores["ban-sao"]
    shutil.rmtree(place(house, dossier_id))
    other = {"submission/data/khac.txt": file_of(b"another record")}
    create_object(store, dossier.object_id, other, message="khác", user=US, created=house.clock.now())
    assert not list(check(store))  # whoever asks that root alone finds nothing wrong
    audit(house)
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.changed
    told = [(each.kind, each.root_id, each.path, each.expected) for each in incidents(house.archive)]
    assert told == [("changed", "ban-sao", "inventory.json", dossier.inventory_digest)]
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert audit(house).faults == 0
