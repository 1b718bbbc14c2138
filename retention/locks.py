"""Object locks that follow the term: never shorter than it, and renewed for what has no date.

A copy is locked once it was proven, not while it is written: half a copy must be removable by whoever began it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.work import Archive, Work
from preservation.models import Copy, CopyState, Dossier, DossierState, StorageRoot
from preservation.ocfl.layout import object_path
from preservation.roots.markers import writable_root
from retention.models import Assessment

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Owed:
    dossier_id: UUID
    object_id: str
    version: int
    until: datetime
    ends_on: date | None


def require_locks(archive: Archive) -> None:
    """At start: refuses a root that shall lock and whose store was seen not to. Raises `NotPossible`."""
    with archive.look(THE_ARCHIVE) as work:
        for root in archive.settings.storage:
            row = work.session.get(StorageRoot, root.id)
            found = row.facts.get("lock") if row is not None else None
            if root.object_lock != "none" and found not in (None, "holds"):
                raise NotPossible(
                    f"Kho {root.id} đặt object_lock, nhưng nơi lưu không khóa thật ({found}). "
                    "Đề nghị dùng nơi lưu có khóa, hoặc bỏ object_lock.",
                    f"Root {root.id} shall lock, but its store was seen not to ({found}). "
                    "Take a store that does, or do without object_lock.",
                    name="lock-not-held",
                )


def lock_run(archive: Archive) -> int:
    """Job: locks what is not, and prolongs what is not locked long enough; returns how many copies.

    A root that is away does not keep the others from their locks; the first fault is raised at the end.
    """
    done, faults = 0, []
    for root in archive.settings.storage:
        if root.object_lock != "none":
            try:
                done += _lock_root(archive, root.id)
            except TryLater as error:
                faults.append(error)
    if faults:
        raise faults[0]
    return done


def _lock_root(archive: Archive, root_id: str) -> int:
    with archive.look(THE_ARCHIVE) as work:
        owed = _owed(work, root_id)
    done = 0
    for each in owed:
        store = writable_root(archive, root_id)
        store.retain(object_path(each.object_id), each.until)
        done += _note(archive, root_id, each)
    return done


def _owed(work: Work, root_id: str) -> list[Owed]:
    now, least = work.now(), timedelta(days=work.settings.lock_days)
    half = now + least / 2
    ends = select(Copy, Dossier, Assessment.ends_on).join(Dossier, Dossier.id == Copy.dossier_id)
    query = (
        ends.outerjoin(Assessment, Assessment.dossier_id == Copy.dossier_id)
        .where(
            Copy.root_id == root_id,
            Copy.state == CopyState.verified,
            Dossier.state != DossierState.destroyed,
            or_(
                Copy.locked_until.is_(None),
                Copy.locked_version != Copy.version,
                Copy.locked_until < half,
                Assessment.ends_on > func.coalesce(Copy.locked_for, date.min),
            ),
        )
        .limit(work.settings.run_objects)
    )
    return [
        Owed(
            dossier.id,
            dossier.object_id,
            copy.version,
            lock_end(ends_on, now + least, copy.locked_until),
            ends_on,
        )
        for copy, dossier, ends_on in work.session.execute(query)
    ]


def lock_end(ends_on: date | None, least: datetime, before: datetime | None = None) -> datetime:
    """The latest of: the end of the term's last day in Vietnam, `least`, and what was promised `before`.

    >>> lock_end(date(2030, 12, 31), datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2030-12-31T17:00:00+00:00'
    >>> lock_end(None, datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    dates = [least, before or least]
    if ends_on is not None:
        following = ends_on + timedelta(days=1)
        dates.append(datetime.combine(following, time(), VIETNAM).astimezone(UTC))
    return max(dates)


def _note(archive: Archive, root_id: str, owed: Owed) -> bool:
    with archive.work(THE_ARCHIVE) as work:
        copy = work.session.get(Copy, (owed.dossier_id, root_id), with_for_update=True)
        if copy is None:
            return False
        copy.locked_until, copy.locked_version = owed.until, owed.version
        copy.locked_for = owed.ends_on
        dossier = work.get(Dossier, owed.dossier_id)
        work.record(Verb.copy_locked, dossier, root=root_id, until=owed.until.isoformat())
    return True
