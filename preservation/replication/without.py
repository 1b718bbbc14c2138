"""What would be left without a root: every dossier and system object in enough other places, read in full lately or now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import func, or_, select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import StoreAway
from archive_service.work import Archive, Work
from preservation.audits.fixity import fixity_run
from preservation.invariants.breach import living_pages
from preservation.models import Copy, CopyState, Dossier, SystemObject
from preservation.replication.bring import Tell
from preservation.system.store import bring_to_all, system_id
from preservation.verify import verify_copy

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""`next_check` of a copy that is to be read for this: before all others, and still so after an interruption."""
MOST_NAMED = 100
Domains = Mapping[str, str]
"""Root → its failure domain, of those that remain and count."""


@dataclass(slots=True)
class Retirement:
    """`lacking`: dossiers and system objects without enough good copies elsewhere, the first `MOST_NAMED`."""

    root_id: str
    dossiers: int = 0
    lacking: list[str] = field(default_factory=list)
    lacking_count: int = 0
    minutes_sha256: str = ""

    @property
    def whole(self) -> bool:
        return not self.lacking_count

    def lack(self, name: str) -> None:
        self.lacking_count += 1
        if len(self.lacking) < MOST_NAMED:
            self.lacking.append(name)


def read_what_remains(archive: Archive, others: Domains, since: datetime, tell: Tell) -> None:
    """By the audit itself: its faults are incidents, its pace and claims are as at night."""
    with archive.work(THE_ARCHIVE) as work:
        old = or_(Copy.verified_at.is_(None), Copy.verified_at < since)
        stale = update(Copy).where(Copy.root_id.in_(others), Copy.state == CopyState.verified, old)
        work.session.execute(stale.values(next_check=FIRST))
    total = left = _to_read(archive, others)
    begun = monotonic()
    while left:
        fixity_run(archive)
        before, left = left, _to_read(archive, others)
        done = total - left
        tell(done, total, (monotonic() - begun) / max(done, 1) * left)
        if left >= before:  # away, or claimed by another process: told as lacking
            return


def _to_read(archive: Archive, others: Domains) -> int:
    with archive.look(THE_ARCHIVE) as work:
        waiting = select(func.count()).where(Copy.root_id.in_(others), Copy.next_check == FIRST)
        return work.session.scalar(waiting) or 0


def find_lacking(archive: Archive, others: Domains, since: datetime, report: Retirement) -> None:
    required = archive.settings.required_copies
    for page in living_pages(archive):
        with archive.look(THE_ARCHIVE) as work:
            good = _good(work, page, others, since)
        for dossier in page:
            report.dossiers += 1
            if len(good.get(dossier.id, ())) < required:
                report.lack(str(dossier.id))
    bring_to_all(archive)
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(SystemObject).order_by(SystemObject.name)).all()
    for row in rows:
        if len({others[root] for root in _roots_with(archive, row, others)}) < required:
            report.lack(row.name)


def _good(work: Work, page: Sequence[Dossier], others: Domains, since: datetime) -> dict[object, set[str]]:
    """Dossier → the failure domains in which its newest version was read since then."""
    versions = {dossier.id: dossier.version for dossier in page}
    query = select(Copy).where(
        Copy.dossier_id.in_(versions), Copy.root_id.in_(others), Copy.state == CopyState.verified
    )
    found: dict[object, set[str]] = {}
    for copy in work.session.scalars(query):
        if copy.version == versions[copy.dossier_id] and copy.verified_at and copy.verified_at >= since:
            found.setdefault(copy.dossier_id, set()).add(others[copy.root_id])
    return found


def _roots_with(archive: Archive, row: SystemObject, others: Domains) -> Iterator[str]:
    for root_id in set(row.roots) & others.keys():
        try:
            found = verify_copy(archive.stores[root_id], system_id(row.name), row.inventory_digest, {})
            if next(found, None) is None:
                yield root_id
        except StoreAway:
            continue
