"""A new master key: every entry is wrapped anew in every place; dossiers themselves are not touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.check import check_keys
from archive_service.kernel.keystore.entry import open_entry, seal_entry
from archive_service.kernel.keystore.store import Keystore


@dataclass(frozen=True, slots=True)
class Rotation:
    wrapped: int
    already: int
    removed: int
    """Older master keys."""


def rotate_master(keystore: Keystore, beat: Callable[[int], None] = lambda _: None) -> Rotation:
    """Goes on with a rotation that was interrupted, else begins one; also brings a new escrow into every entry.

    The older master key is removed at the very end, when no entry needs it. Refuses while a place is away or a key is
    not whole in every place: it would be lost with the master key that opens it.
    """
    keystore.require_all()
    _, faults = check_keys(keystore)
    if worst := [each for each in faults if each.kind != "no-escrow"]:
        raise NotPossible(
            f"Kho khóa có lỗi ({worst[0].kind}): chạy `archive keys check --mend` trước.",
            f"The keystore has faults ({worst[0].kind}): run `archive keys check --mend` first.",
            name="keystore-faulty",
        )
    if len(keystore.masters.files()) < 2:
        with keystore.masters.locked(alone=True):
            keystore.masters.make()
    first = _wrap_all(keystore, beat)
    with keystore.masters.locked(alone=True):  # what was made meanwhile, by who still saw the older key only
        second = _wrap_all(keystore, beat)
        removed = keystore.masters.forget_older()
    return Rotation(first[0] + second[0], first[1], removed)


def _wrap_all(keystore: Keystore, beat: Callable[[int], None]) -> tuple[int, int]:
    identities = keystore.masters.identities()
    wanted = (str(identities[0].to_public()), *keystore.escrow)
    wrapped = already = 0
    for name, readers in keystore.entries():
        entries = [open_entry(read(), identities) for read in readers]
        if all(each.sealed_for == wanted for each in entries):
            already += 1
            continue
        data = seal_entry(replace(entries[0], sealed_for=wanted))
        for place in keystore.places:
            place.put(name, data)
        wrapped += 1
        beat(wrapped)
    return wrapped, already
