"""What is owed: backups that are late, media that are old, drills that were not done. Told on pages, then as incidents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

from archive_service.backup.catalogue import good_sets
from archive_service.backup.models import BackupKind, BackupSet, BackupState, Drill, DrillKind
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.state import archive_state
from archive_service.work import Archive, Work
from preservation.incidents.register import open_incident
from retention.models import DestructionList

LATE = timedelta(hours=36)
FULL_LATE = timedelta(days=33)
MEDIUM_OLD = timedelta(days=3 * 365)
"""TT 02/2019/TT-BNV Điều 10.1b: media are changed every three years."""
ONLY_TOLD = frozenset({"no-backup", "one-device"})
"""Stand on the page; nobody is called at night for how the archive is set up."""


@dataclass(frozen=True, slots=True)
class Duty:
    """`code`: no-backup, backup-late, full-late, medium-old, one-device, remains-kept, drill-rebuild, drill-restore."""

    code: str
    subject: str = ""
    since: datetime | None = None


def duties(work: Work) -> list[Duty]:
    """Everything that is owed now."""
    return [*_backups(work), *_devices(work), *_remains(work), *_drills(work)]


def _backups(work: Work) -> Iterator[Duty]:
    if not work.settings.backup:
        yield Duty("no-backup")
    created, now = archive_state(work.session).created_at, work.now()
    for medium in work.settings.backup:
        good = good_sets(work, medium.id)
        newest = good[0].began_at if good else created
        full = next((row.began_at for row in good if row.kind is BackupKind.full), created)
        if now - newest > LATE:
            yield Duty("backup-late", medium.id, newest)
        if now - full > FULL_LATE:
            yield Duty("full-late", medium.id, full)
        if good and (first := _first_on(work, good[0].marker_id)) and now - first > MEDIUM_OLD:
            yield Duty("medium-old", medium.id, first)


def _first_on(work: Work, marker_id: str) -> datetime | None:
    return work.session.scalar(select(func.min(BackupSet.began_at)).where(BackupSet.marker_id == marker_id))


def _devices(work: Work) -> Iterator[Duty]:
    """Folders on one disk are one medium, whatever they are called."""
    seen: dict[int, str] = {}
    for url in (
        *(root.url for root in work.settings.storage),
        *(medium.url for medium in work.settings.backup),
    ):
        path = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
        if path is None or not path.is_dir():
            continue
        device = path.stat().st_dev
        named = next((medium.id for medium in work.settings.backup if medium.url == url), "")
        if named and device in seen:
            yield Duty("one-device", named)
        seen[device] = url


def _remains(work: Work) -> Iterator[Duty]:
    """A set that should have expired and may hold what was destroyed since: its medium was away, or no newer full came."""
    certified = work.session.scalar(select(func.max(DestructionList.certified_at)))
    before = work.now() - timedelta(days=work.settings.backup_days)
    states = (BackupState.good, BackupState.damaged)
    old = select(BackupSet).where(BackupSet.state.in_(states), BackupSet.began_at < before)
    for row in work.session.scalars(old.order_by(BackupSet.began_at)) if certified else ():
        if certified is not None and row.began_at < certified:
            yield Duty("remains-kept", f"{row.medium_id} {row.set_id}", row.began_at)


def _drills(work: Work) -> Iterator[Duty]:
    created, most = archive_state(work.session).created_at, timedelta(days=work.settings.drill_days)
    for kind in DrillKind:
        last = last_passed(work, kind)
        since = last.finished_at if last else created
        if work.now() - since > most:
            yield Duty(f"drill-{kind.value}", "", since)


def last_passed(work: Work, kind: DrillKind) -> Drill | None:
    query = select(Drill).where(Drill.kind == kind, Drill.passed)
    return work.session.scalars(query.order_by(Drill.finished_at.desc()).limit(1)).first()


def duties_run(archive: Archive) -> list[Duty]:
    """Job, daily: an incident for each duty that somebody must act on."""
    with archive.work(THE_ARCHIVE) as work:
        found = duties(work)
        for duty in found:
            if duty.code not in ONLY_TOLD:
                told = duty.since.isoformat() if duty.since else ""
                open_incident(work, "duty-owed", path=f"{duty.code} {duty.subject}".strip(), found=told)
    return found
