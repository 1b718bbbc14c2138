"""Sets that lie there are looked at again: every byte against its digest, and with a key restored once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive_service.backup.catalogue import good_sets
from archive_service.backup.cipher import PartDamaged, check_part
from archive_service.backup.malware import Scanned, scan_set
from archive_service.backup.media import (
    ForeignMedium,
    Manifest,
    key_of,
    open_medium,
    read_manifest,
    read_marker,
    sets_on,
)
from archive_service.backup.models import BackupSet, BackupState
from archive_service.backup.servers import ToolFailed
from archive_service.backup.tried import check_bytes, tried
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.work import Archive
from preservation.incidents.register import open_incident

NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Checked:
    """`faults` is empty for a set that is as it was written. `malware` is None where it was not opened."""

    set_id: str
    medium_id: str
    faults: tuple[str, ...]
    malware: Scanned | None = None


def backup_check(archive: Archive) -> list[Checked]:
    """Job, weekly: every set on the media that are there, byte by byte; one that changed is an incident."""
    found = []
    for medium in archive.settings.backup:
        store = open_medium(archive.settings, medium)
        try:
            marker = read_marker(store)
        except (StoreAway, ForeignMedium):
            continue
        with archive.look(THE_ARCHIVE) as work:
            rows = [r for r in good_sets(work, medium.id) if marker and r.marker_id == marker.marker_id]
        for row in rows:
            faults = tuple(bytes_faults(archive, store, row.set_id))
            found.append(Checked(row.set_id, medium.id, faults))
            note(archive, THE_ARCHIVE, found[-1])
    return found


def bytes_faults(archive: Archive, store: ObjectStore, set_id: str) -> list[str]:
    """Every file of the set, its minutes too, in words. Raises `StoreAway`."""
    try:
        manifest = read_manifest(store, set_id, archive.keys.public)
        faults = check_bytes(store, manifest)
        if manifest.minutes is not None and not faults:
            check_part(store, key_of(set_id, manifest.minutes.name), manifest.minutes)
        return faults
    except (PartDamaged, ObjectMissing) as error:
        return [str(error)]


def check_set(
    archive: Archive, store: ObjectStore, medium_id: str, set_id: str, identities: Sequence[Any]
) -> Checked:
    """One set now; with identities it is also restored in a scratch place, and scanned for malware.

    Raises `WrongKey`, `StoreAway`.
    """
    faults, malware = bytes_faults(archive, store, set_id), None
    if not faults and identities:
        manifest = read_manifest(store, set_id, archive.keys.public)
        with scratch(archive.settings.data / SCRATCH) as folder:
            faults = _restored_faults(archive, store, manifest, identities, folder)
            malware = scan_set(archive, store, manifest, identities, folder) if not faults else None
    infected = [f"malware {each}" for each in malware.found] if malware else []
    return Checked(set_id, medium_id, (*faults, *infected), malware)


def _restored_faults(
    archive: Archive, store: ObjectStore, manifest: Manifest, identities: Sequence[Any], folder: Path
) -> list[str]:
    try:
        with tried(archive, store, manifest, identities, folder) as (_, _, faults):
            return faults
    except (PartDamaged, ToolFailed) as error:
        return [str(error)]


def note(archive: Archive, actor: Actor, checked: Checked) -> None:
    with archive.work(actor) as work:
        row = work.session.get(BackupSet, (checked.set_id, checked.medium_id))
        if row is not None:
            row.checked_at = work.now()
            if checked.faults:
                row.state, row.reason = BackupState.damaged, "; ".join(checked.faults)[:2_000]
        outcome = "failure" if checked.faults else "success"
        work.record_of(
            Verb.backup_checked, "backup_set", checked.set_id, outcome=outcome, medium=checked.medium_id
        )
        if checked.faults:
            open_incident(
                work,
                "backup-damaged",
                root_id=checked.medium_id,
                path=checked.set_id,
                found="; ".join(checked.faults)[:2_000],
            )


def find_set(archive: Archive, wanted: str, medium_id: str | None) -> tuple[ObjectStore, str, str]:
    """(store, medium, set id) of a set that a medium shows: by its id, or the newest. Reads no database.

    Raises `NotPossible` when no medium that is there has it.
    """
    found: list[tuple[str, str, ObjectStore]] = []
    for medium in archive.settings.backup:
        if medium_id in (None, medium.id):
            store = open_medium(archive.settings, medium)
            try:
                ids = list(sets_on(store)) if read_marker(store) else []
            except (StoreAway, ForeignMedium):
                continue
            found += [(set_id, medium.id, store) for set_id in ids if wanted in (NEWEST, set_id)]
    if not found:
        raise NotPossible(
            f"Không có bản sao lưu {wanted} trên phương tiện nào đang gắn.",
            f"No medium that is there has the backup {wanted}.",
            name="no-such-backup",
        )
    set_id, where, store = max(found, key=lambda each: each[0])
    return store, where, set_id
