"""What each root's store was seen to do, and when. A store that can do less than before is an incident.

Writing goes by what its own process saw, not by these rows: they are for people, and for the comparison with last time.
"""

from __future__ import annotations

from dataclasses import asdict

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import StoreAway, StoreFacts
from archive_service.work import Archive
from preservation.incidents.register import open_incident
from preservation.models import StorageRoot
from preservation.roots.markers import root_trouble

WORSE = "store-worse"


def probe_roots(archive: Archive) -> dict[str, StoreFacts]:
    """Job: probes every root that carries our marker. One that is away keeps what was known; it is asked again."""
    found: dict[str, StoreFacts] = {}
    for root in archive.settings.storage:
        if (
            root_trouble(archive, root.id)[0] == "online"
        ):  # an empty mount is not written to, not even a probe
            try:
                found[root.id] = archive.stores[root.id].probe()
            except StoreAway:
                continue
            _note(archive, root.id, found[root.id])
    return found


def probe_new_roots(archive: Archive) -> None:
    """At start: what was never probed is, before work begins. A root that is away does not stop the start."""
    with archive.look(THE_ARCHIVE) as work:
        rows = {root.id: work.session.get(StorageRoot, root.id) for root in archive.settings.storage}
    if any(row is None or row.probed_at is None for row in rows.values()):
        probe_roots(archive)


def _note(archive: Archive, root_id: str, facts: StoreFacts) -> None:
    with archive.work(THE_ARCHIVE) as work:
        row = work.session.get(StorageRoot, root_id, with_for_update=True)
        if row is None:
            raise TryLater(f"Kho {root_id} chưa được ghi nhận.", f"Root {root_id} is not entered yet.")
        now, before = asdict(facts), dict(row.facts)
        for name in worse(before, now):
            open_incident(
                work, WORSE, root_id=root_id, path=name, found=str(now[name]), expected=str(before[name])
            )
        if before != now:
            work.record_of(Verb.root_probed, "storage_root", root_id, root=root_id, before=before, after=now)
        row.facts, row.probed_at = now, work.now()


def worse(before: dict[str, object], now: dict[str, object]) -> list[str]:
    """The names of what the store did and does no more.

    >>> worse({"checks_sha256": True, "lock": "holds"}, {"checks_sha256": False, "lock": "ignored"})
    ['checks_sha256', 'lock']
    >>> worse({"checks_sha256": False}, {"checks_sha256": True, "lock": "none"})
    []
    """
    good = (True, "holds")
    return [name for name, value in before.items() if value in good and now.get(name) != value]
