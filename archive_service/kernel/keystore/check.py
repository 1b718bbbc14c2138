"""Comparing the places of the keystore: every key in each, readable, the same, open to the escrow, none destroyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.entry import Entry, NotOurs, open_entry
from archive_service.kernel.keystore.store import Keystore
from archive_service.kernel.objects.port import ObjectMissing, StoreAway

FaultKind = Literal[
    "place-away",
    "log-altered",
    "log-behind",
    "missing",
    "unreadable",
    "different",
    "came-back",
    "no-escrow",
    "lost",
]


@dataclass(frozen=True, slots=True)
class KeyFault:
    kind: FaultKind
    place: str
    owner: str = ""
    """The dossier, or the entry's file where it cannot be opened."""


def check_keys(keystore: Keystore, *, mend: bool = False) -> tuple[int, list[KeyFault]]:
    """How many keys there are and every fault. `mend` copies what one place lacks from the other, and removes what had
    been destroyed and came back; a fault is told all the same."""
    faults = [KeyFault("place-away", str(p.base)) for p in keystore.places if not keystore.usable(p)]
    try:
        lines = keystore.log()
    except NotPossible:
        return 0, [*faults, KeyFault("log-altered", "")]
    if faults:
        return 0, faults
    for place in keystore.places:
        if len(keystore.log_of(place)) < len(lines):
            faults.append(KeyFault("log-behind", str(place.base)))
    if mend:
        keystore.bring_logs_to(lines)
    gone, count = {each.owner for each in lines}, 0
    for name, readers in keystore.entries():
        count += 1
        faults += _check_one(keystore, name, readers, gone, mend)
    return count, faults


def _check_one(
    keystore: Keystore, name: str, readers: list[Callable[[], bytes]], gone: set[str], mend: bool
) -> Iterator[KeyFault]:
    found: list[tuple[bytes, Entry] | None] = []
    told: list[KeyFault] = []
    for place, read in zip(keystore.places, readers, strict=True):
        where = str(place.base)
        try:
            data = read()
            found.append((data, open_entry(data, keystore.masters.identities())))
        except ObjectMissing:
            found.append(None)
            told.append(KeyFault("missing", where, name))
        except (NotOurs, StoreAway):
            found.append(None)
            told.append(KeyFault("unreadable", where, name))
    good = [each for each in found if each]
    if not good:
        yield KeyFault("lost", "", name)
        return
    data, entry = good[0]
    yield from (KeyFault(each.kind, each.place, entry.owner) for each in told)
    if any(other.identity != entry.identity for _, other in good):
        yield KeyFault("different", "", entry.owner)
    elif entry.owner in gone:
        yield KeyFault("came-back", "", entry.owner)
        for place in keystore.places if mend else ():
            place.purge(name)
    else:
        if set(keystore.escrow) - set(entry.sealed_for):
            yield KeyFault("no-escrow", "", entry.owner)
        for place, each in zip(keystore.places, found, strict=True) if mend else ():
            if each is None:
                place.put(name, data)
