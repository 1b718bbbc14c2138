"""What interrupted writes left in the roots. It is kept for a while: whoever writes the same key next goes on with it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from archive_service.kernel.objects import StoreAway
from archive_service.work import Archive
from preservation.roots.markers import root_trouble

KEPT = timedelta(days=7)
"""Longer than any single file is on its way, and than a job that failed waits for a person."""


def sweep_roots(archive: Archive) -> dict[str, int]:
    """Job: removes remains older than `KEPT`; root → how many. A root that is away or not ours is passed over."""
    removed: dict[str, int] = {}
    for root in archive.settings.storage:
        if root_trouble(archive, root.id)[0] == "online":
            with suppress(StoreAway):  # the job comes again tomorrow
                removed[root.id] = archive.stores[root.id].sweep(KEPT)
    return removed
