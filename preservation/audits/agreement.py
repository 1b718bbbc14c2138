"""Whether the copies say one thing and the catalogue another: then it need not be the copies that have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from archive_service.kernel.objects import ObjectStore
from preservation.ocfl.inventory import INVENTORY
from preservation.ocfl.layout import object_path
from preservation.ocfl.state import read_small
from preservation.verify import UNREADABLE, verify_copy


def agreed_digest(
    stores: Mapping[str, ObjectStore], object_id: str, beat: Callable[[int], None]
) -> str | None:
    """SHA-512 of the one inventory that two roots or more hold, each copy whole by it; None in any other case.

    Reads every copy whole; `beat` hears the bytes, and may wait.
    """
    try:
        found = {_digest(store, object_id) for store in stores.values()}
        if len(stores) < 2 or len(found) != 1:
            return None
        (digest,) = found
        faults = (next(verify_copy(store, object_id, digest, {}, beat), None) for store in stores.values())
        return None if any(faults) else digest
    except UNREADABLE:
        return None


def _digest(store: ObjectStore, object_id: str) -> str:
    return hashlib.sha512(read_small(store, f"{object_path(object_id)}/{INVENTORY}") or b"").hexdigest()
