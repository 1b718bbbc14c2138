"""Whether the alarm itself is alive: the canaries of each root, and the dead man's switch over all audits."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore, StoreAway, StoreProblem
from archive_service.kernel.state import ArchiveState
from archive_service.work import Archive, Work
from preservation.incidents.register import open_incident
from preservation.leases import alone
from preservation.models import StorageRoot
from preservation.roots.canaries import Heard, canaries_laid, hear_canaries, lay_canaries
from preservation.watch_models import UNSETTLED, AuditRun, CanaryCheck, Incident

log = logging.getLogger(__name__)
DEAD, SILENT = "alarm-dead", "audit-silent"


def audit_canaries(archive: Archive, *, skip: Collection[str]) -> int:
    """Walks the canaries of every root; returns in how many the alarm is dead. Lost or altered ones are made anew."""
    with alone(archive, "canaries") as mine:
        if not mine:  # another run's, which lays them anew just now perhaps
            return 0
        roots = [root.id for root in archive.settings.storage if root.id not in skip]
        return sum(_audit(archive, root_id) for root_id in roots)


def _audit(archive: Archive, root_id: str) -> bool:
    store = archive.stores[root_id]
    try:
        if not canaries_laid(store) and not _known(archive, root_id):
            lay_canaries(store)  # a root of before there were canaries
        heard = hear_canaries(store)
        if not heard.wrong:
            _note(archive, root_id, heard)
            return False
        told = "; ".join(heard.wrong)
        _note(archive, root_id, _again(store, heard), told)
    except (StoreAway, StoreProblem, OSError) as error:
        log.warning("canaries of %s not walked: %s", root_id, error)
        return False
    return True


def _known(archive: Archive, root_id: str) -> bool:
    with archive.look(THE_ARCHIVE) as work:
        return work.session.get(CanaryCheck, root_id) is not None


def _again(store: ObjectStore, first: Heard) -> Heard:
    """With the samples as they must be: tells samples that were lost from an audit that no longer sees."""
    try:
        lay_canaries(store)
    except (StoreAway, StoreProblem) as error:
        log.warning("canaries of %s not laid anew: %s", store.describe(), error)
        return first
    return hear_canaries(store)


def _note(archive: Archive, root_id: str, heard: Heard, told: str = "") -> None:
    with archive.work(THE_ARCHIVE) as work:
        row = work.session.get(CanaryCheck, root_id)
        if row is None:
            row = CanaryCheck(root_id=root_id, checked_at=work.now())
            work.session.add(row)
        row.checked_at, row.known, row.reported = work.now(), heard.known, heard.reported
        row.trouble = "; ".join(heard.wrong)
        if told:
            open_incident(work, DEAD, root_id=root_id, found=told[:2000], expected="; ".join(heard.wrong))


def sound_if_silent(archive: Archive) -> bool:
    """The dead man's switch: an incident when no audit finished for `fixity_silent_hours`. Called at every tick.

    It asks nothing of the audits' timetable or jobs, which may be what is broken.
    """
    with archive.look(THE_ARCHIVE) as work:
        last = last_sign(work)
        limit = timedelta(hours=archive.settings.fixity_silent_hours)
        if last is None or work.now() - last <= limit or _open(work):
            return False
    with archive.work(THE_ARCHIVE) as work:
        return open_incident(work, SILENT, found=last.isoformat(timespec="seconds"), expected=str(limit))


def last_sign(work: Work) -> datetime | None:
    """When an audit of copies finished last; before the first one, when there was something to begin with."""
    finished = select(AuditRun.finished_at).where(
        AuditRun.kind == "fixity", AuditRun.finished_at.is_not(None)
    )
    last = work.session.scalars(finished.order_by(AuditRun.id.desc()).limit(1)).first()
    if last is not None:
        return last
    begun = work.session.get(ArchiveState, 1)
    rooted = work.session.scalar(select(func.min(StorageRoot.since)))
    return max(begun.created_at, rooted) if begun and rooted else None


def _open(work: Work) -> bool:
    same = select(Incident.id).where(Incident.state.in_(UNSETTLED), Incident.kind == SILENT).limit(1)
    return work.session.scalars(same).first() is not None
