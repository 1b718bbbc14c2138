"""The catalogue of backups: what lies where, what is due, and what has been kept for long enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from archive_service.backup.cipher import PartDamaged
from archive_service.backup.make import Base
from archive_service.backup.media import (
    ForeignMedium,
    Manifest,
    folder_of,
    open_medium,
    read_manifest,
    read_marker,
    sets_on,
    unfinished_on,
)
from archive_service.backup.models import BackupKind, BackupSet, BackupState
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectMissing, ObjectStore, StoreAway
from archive_service.work import Archive, Work


def list_sets(work: Work) -> Sequence[BackupSet]:
    """All copies there are and were, the newest first."""
    query = select(BackupSet).order_by(BackupSet.began_at.desc(), BackupSet.set_id, BackupSet.medium_id)
    return work.session.scalars(query).all()


def good_sets(work: Work, medium_id: str, kind: BackupKind | None = None) -> list[BackupSet]:
    """Of one medium, the newest first."""
    query = select(BackupSet).where(BackupSet.medium_id == medium_id, BackupSet.state == BackupState.good)
    if kind is not None:
        query = query.where(BackupSet.kind == kind)
    return list(work.session.scalars(query.order_by(BackupSet.began_at.desc())))


Markers = Mapping[str, str]
"""Medium → id of the marker that lies there now: a disk that was changed for another holds other sets."""


def due_kind(work: Work, markers: Markers) -> BackupKind:
    """Full at the first run of a month (TT 02 Điều 10.1a), and while a medium has no full set; else incremental."""
    today = work.now().astimezone(VIETNAM)
    month = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    base = common_full(work, markers)
    return BackupKind.incremental if base is not None and base.began_at >= month else BackupKind.full


def common_full(work: Work, markers: Markers) -> BackupSet | None:
    """The newest full set that every medium holds that is there."""
    held = [
        {row.set_id: row for row in good_sets(work, medium_id, BackupKind.full) if row.marker_id == marker_id}
        for medium_id, marker_id in markers.items()
    ]
    if not held:
        return None
    common = set.intersection(*(set(each) for each in held))
    return max((held[0][key] for key in common), key=lambda row: row.began_at, default=None)


def base_of(archive: Archive, full: BackupSet | None) -> Base | None:
    """What the full set's manifest says, read from a medium that shows it."""
    for medium in archive.settings.backup if full else ():
        try:
            manifest = read_manifest(
                open_medium(archive.settings, medium), full.set_id if full else "", archive.keys.public
            )
        except (ObjectMissing, PartDamaged, StoreAway):
            continue
        return Base(manifest.set_id, int(manifest.anchor["number"]), manifest.software["digest"])
    return None


def close_interrupted(archive: Archive, host: str, stores: dict[str, ObjectStore]) -> None:
    """What a run of this machine left when it died, or any run a day ago, is removed from the media and noted as failed."""
    with archive.work(THE_ARCHIVE) as work:
        dead = or_(BackupSet.host == host, BackupSet.began_at < work.now() - timedelta(days=1))
        left = select(BackupSet).where(BackupSet.state == BackupState.running, dead)
        rows = list(work.session.scalars(left))
        for row in rows:
            row.state, row.reason, row.finished_at = BackupState.failed, "interrupted", work.now()
        mine = {(row.set_id, row.medium_id) for row in rows}
    for medium_id, store in stores.items():
        for set_id in list(unfinished_on(store)):
            if (set_id, medium_id) in mine:
                store.purge(folder_of(set_id))


def expire(archive: Archive, stores: Mapping[str, ObjectStore], markers: Markers) -> list[str]:
    """Removes what is older than sets are kept, a full set together with all that add to it.

    So nothing that was destroyed lies in a set for longer than `backup_days` after the full set it is in. The newest full
    set of a medium and what adds to it stay, however old: the last backup is never removed.
    """
    with archive.look(THE_ARCHIVE) as work:
        before = work.now() - timedelta(days=work.settings.backup_days)
        gone = [row for medium_id in stores for row in _too_old(work, medium_id, markers[medium_id], before)]
    for row in gone:
        try:
            stores[row.medium_id].purge(folder_of(row.set_id))
        except StoreAway:
            continue  # the next run comes again; meanwhile it is told as kept for too long
        with archive.work(THE_ARCHIVE) as work:
            now: BackupSet = work.get(BackupSet, (row.set_id, row.medium_id))
            now.state = BackupState.expired
            work.record_of(Verb.backup_expired, "backup_set", row.set_id, medium=row.medium_id)
    return [f"{row.medium_id} {row.set_id}" for row in gone]


def _too_old(work: Work, medium_id: str, marker_id: str, before: datetime) -> list[BackupSet]:
    kept_states = (BackupState.good, BackupState.damaged)
    query = (
        select(BackupSet)
        .where(BackupSet.medium_id == medium_id, BackupSet.state.in_(kept_states))
        .where(BackupSet.marker_id == marker_id)
    )
    rows = list(work.session.scalars(query.order_by(BackupSet.began_at)))
    fulls = {row.set_id: row for row in rows if row.kind is BackupKind.full}
    good = [row for row in fulls.values() if row.state is BackupState.good]
    newest = max(good, key=lambda row: row.began_at).set_id if good else ""
    old = {key for key, row in fulls.items() if row.began_at < before and key != newest}
    orphans = {
        row.set_id for row in rows if row.base_id and row.base_id not in fulls and row.began_at < before
    }
    return [row for row in rows if row.set_id in old | orphans or row.base_id in old]


def adopt_sets(archive: Archive) -> int:
    """Enters the sets that the media show and the catalogue does not know: after a restore or a rebuild."""
    count = 0
    for medium in archive.settings.backup:
        store = open_medium(archive.settings, medium)
        try:
            marker = read_marker(store)
            for set_id in sets_on(store) if marker else ():
                manifest = read_manifest(store, set_id, archive.keys.public)
                with archive.work(THE_ARCHIVE) as work:
                    count += _adopt(work, manifest, medium.id, marker.marker_id if marker else "")
        except (StoreAway, ForeignMedium, PartDamaged, ObjectMissing):
            continue
    return count


def _adopt(work: Work, manifest: Manifest, medium_id: str, marker_id: str) -> bool:
    row = work.session.get(BackupSet, (manifest.set_id, medium_id))
    if row is not None and row.state is not BackupState.running:
        return False
    if row is not None:
        work.session.delete(row)
        work.session.flush()
    work.session.add(
        BackupSet(
            set_id=manifest.set_id,
            medium_id=medium_id,
            marker_id=marker_id,
            kind=BackupKind(manifest.kind),
            base_id=manifest.base_id,
            state=BackupState.good,
            began_at=datetime.fromisoformat(manifest.began_at),
            finished_at=datetime.fromisoformat(manifest.finished_at),
            byte_count=manifest.size,
            log_number=int(manifest.anchor["number"]),
        )
    )
    return True
