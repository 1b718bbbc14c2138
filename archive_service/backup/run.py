"""`archive backup run`: one set on every medium, read back and restored before it is called good.

The steps are the list in `_run`. The manifest is written last: a run that dies anywhere leaves parts without one, which
no restore takes for a set and the next run removes.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pyrage import x25519

from archive_service.backup.catalogue import base_of, close_interrupted, common_full, due_kind, expire
from archive_service.backup.cipher import Part, PartDamaged, WrongKey, recipients_of
from archive_service.backup.lock import only_one
from archive_service.backup.make import SOFTWARE, Base, Made, make_parts
from archive_service.backup.media import (
    MANIFEST,
    MINUTES,
    ForeignMedium,
    Manifest,
    folder_of,
    key_of,
    manifest_bytes,
    open_medium,
    require_medium,
)
from archive_service.backup.models import BackupKind, BackupSet, BackupState
from archive_service.backup.papers import backup_minutes
from archive_service.backup.servers import ToolFailed
from archive_service.backup.tried import check_bytes, tried
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import ArchiveError, NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.kernel.state import archive_state
from archive_service.work import Archive
from preservation.incidents.register import open_incident

#: What may go wrong on one medium while the other goes on.
MEDIUM_FAULTS = (StoreAway, ForeignMedium, PartDamaged, OSError)


@dataclass(slots=True)
class RunReport:
    """`media`: id → "" for a good set there, else why it has none. `expired`: sets removed for their age."""

    set_id: str
    kind: BackupKind
    began: datetime
    base_id: str = ""
    log_number: int = 0
    size: int = 0
    dossiers: int = 0
    seconds: float = 0
    media: dict[str, str] = field(default_factory=dict)
    expired: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not any(self.media.values())

    def fail(self, why: str) -> None:
        """Before any medium had its set: none has one now."""
        self.media = {medium_id: told or why for medium_id, told in self.media.items()}


def backup_run(archive: Archive) -> RunReport | None:
    """Job, daily: the kind that the calendar asks for. Without any medium it does nothing: pages tell that it is owed."""
    if not archive.settings.backup:
        return None
    report = run_backup(archive, THE_ARCHIVE)
    if all(report.media.values()):
        raise TryLater(
            "Chưa sao lưu được vào phương tiện nào.",
            f"No medium took a backup: {report.media}",
            name="no-backup",
        )
    return report


def run_backup(archive: Archive, actor: Actor, kind: BackupKind | None = None) -> RunReport:
    """Makes one set on all media. Raises `NotPossible` (not set up, a tool is missing) and `Conflict` (one is running)."""
    if not archive.settings.backup:
        raise NotPossible(
            "Chưa cấu hình sao lưu: cần hai [[backup]] và backup_recipients (docs/operating/backup.md).",
            "No backup is set up: two [[backup]] and backup_recipients are needed (docs/operating/backup.md).",
            name="no-backup-media",
        )
    with only_one(archive.settings.data / "backup.lock"):
        return _run(archive, actor, kind)


def _run(archive: Archive, actor: Actor, kind: BackupKind | None) -> RunReport:
    stores = {medium.id: open_medium(archive.settings, medium) for medium in archive.settings.backup}
    markers, faults = _require_media(archive, stores)
    reached = {medium_id: stores[medium_id] for medium_id in markers}
    close_interrupted(archive, socket.gethostname(), reached)
    recipients = recipients_of(archive.settings.backup_recipients)
    report, base = _begin(archive, kind, markers, faults)
    try:
        if reached:
            _make(archive, reached, recipients, base, report)
    except (ToolFailed, OSError) as error:
        report.fail(_told(error))
    except BaseException as error:
        report.fail(_told(error) or "interrupted")
        _settle(archive, actor, reached, report)
        raise
    _settle(archive, actor, reached, report)
    report.seconds = (archive.clock.now() - report.began).total_seconds()
    report.expired = expire(archive, {m: s for m, s in reached.items() if not report.media[m]}, markers)
    return report


def _make(
    archive: Archive,
    stores: dict[str, ObjectStore],
    recipients: list[Any],
    base: Base | None,
    report: RunReport,
) -> None:
    """Makes the parts, writes, reads back, restores in a scratch place, and only then writes the manifests."""
    # A key of this run alone, in memory only: with it the sealed bytes are tried, and it is forgotten with the process.
    passing = x25519.Identity.generate()
    with scratch(archive.settings.data / SCRATCH) as folder:
        made = make_parts(archive, folder, base, [*recipients, passing.to_public()])
        report.size, report.dossiers = sum(part.size for part in made.parts), made.dossiers
        report.log_number = int(made.facts.anchor["number"])
        manifest = _manifest(archive, report, made, base)
        for medium_id, store in stores.items():
            report.media[medium_id] = _write(store, folder, manifest)
        _try(archive, stores, manifest, passing, folder, report)
        _finish_media(archive, stores, manifest, report)


def _require_media(archive: Archive, stores: dict[str, ObjectStore]) -> tuple[dict[str, str], dict[str, str]]:
    """(medium → id of its marker, medium → why it cannot be used)."""
    with archive.look(THE_ARCHIVE) as work:
        archive_id = str(archive_state(work.session).archive_id)
    markers, faults = dict[str, str](), dict[str, str]()
    for medium in archive.settings.backup:
        try:
            markers[medium.id] = require_medium(stores[medium.id], medium, archive_id).marker_id
        except MEDIUM_FAULTS as error:
            faults[medium.id] = _told(error)
    return markers, faults


def _told(error: BaseException) -> str:
    if isinstance(error, ArchiveError) and not isinstance(error, StoreAway | PartDamaged):
        return error.en
    return str(error)


def _begin(
    archive: Archive, kind: BackupKind | None, markers: dict[str, str], faults: dict[str, str]
) -> tuple[RunReport, Base | None]:
    """The rows of this run, and the base of an incremental one."""
    with archive.look(THE_ARCHIVE) as work:
        wanted, full = kind or due_kind(work, markers), common_full(work, markers)
    base = base_of(archive, full) if wanted is BackupKind.incremental else None
    if base is None and wanted is BackupKind.incremental:
        if kind is not None:
            raise NotPossible(
                "Chưa có bản đầy đủ nào trên mọi phương tiện: chạy `archive backup run --full` trước.",
                "No full set lies on every medium yet: run `archive backup run --full` first.",
                name="no-full-backup",
            )
        wanted = BackupKind.full
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        set_id = f"{now:%Y%m%dT%H%M%SZ}-{wanted.value}-{secrets.token_hex(3)}"
        report = RunReport(set_id, wanted, now, base.set_id if base else "")
        report.media = {medium.id: faults.get(medium.id, "") for medium in work.settings.backup}
        for medium in work.settings.backup:
            work.session.add(
                BackupSet(
                    set_id=report.set_id,
                    medium_id=medium.id,
                    marker_id=markers.get(medium.id, ""),
                    kind=wanted,
                    base_id=report.base_id,
                    host=socket.gethostname(),
                    began_at=now,
                )
            )
    return report, base


def _manifest(archive: Archive, report: RunReport, made: Made, base: Base | None) -> Manifest:
    own = any(part.name == SOFTWARE for part in made.parts)
    return Manifest(
        set_id=report.set_id,
        archive_id=made.facts.archive_id,
        kind=report.kind.value,
        base_id=report.base_id,
        began_at=report.began.isoformat(),
        finished_at=archive.clock.now().isoformat(),
        database="sqlite" if archive.engine.dialect.name == "sqlite" else "postgresql",
        schema=made.facts.schema,
        epoch=made.facts.epoch,
        anchor=made.facts.anchor,
        software={"digest": made.software, "set": report.set_id if own or base is None else base.set_id},
        parts=made.parts,
        recipients=tuple(archive.settings.backup_recipients),
        tools=made.tools,
    )


def _write(store: ObjectStore, folder: Path, manifest: Manifest) -> str:
    """Every part on the medium and read back past its caches; "" or what is wrong."""
    try:
        for part in manifest.parts:
            store.put(key_of(manifest.set_id, part.name), folder / part.name, if_absent=True)
        return "; ".join(check_bytes(store, manifest))
    except MEDIUM_FAULTS as error:
        return _told(error)


def _try(
    archive: Archive,
    stores: dict[str, ObjectStore],
    manifest: Manifest,
    passing: Any,
    folder: Path,
    report: RunReport,
) -> None:
    """Restores the set once, from the first medium that gave it back: the others hold the very same bytes."""
    for medium_id, store in stores.items():
        if report.media[medium_id]:
            continue
        try:
            with tried(archive, store, manifest, [passing], folder) as (_, _, faults):
                told = "; ".join(faults)
        except (ToolFailed, WrongKey, *MEDIUM_FAULTS) as error:
            told = _told(error)
        if told:
            for each in stores:
                report.media[each] = report.media[each] or f"does not restore: {told}"
        return


def _finish_media(
    archive: Archive, stores: dict[str, ObjectStore], manifest: Manifest, report: RunReport
) -> None:
    """Minutes and, as the very last file, the manifest: from then on it is a set."""
    paper = backup_minutes(archive, manifest, report.dossiers, report.media)
    minutes = Part(MINUTES, len(paper), hashlib.sha256(paper).hexdigest())
    signed = manifest_bytes(replace(manifest, minutes=minutes), archive.keys.log)
    for medium_id, store in stores.items():
        if not report.media[medium_id]:
            try:
                store.put(key_of(manifest.set_id, MINUTES), paper)
                store.put(key_of(manifest.set_id, MANIFEST), signed)
            except MEDIUM_FAULTS as error:
                report.media[medium_id] = _told(error)


def _settle(archive: Archive, actor: Actor, stores: dict[str, ObjectStore], report: RunReport) -> None:
    """The rows, the log, and an incident for each medium without its set; what lies there half is removed."""
    for medium_id, store in stores.items():
        if report.media[medium_id]:
            with suppress(*MEDIUM_FAULTS):  # away: what lies there has no manifest and is no set
                store.purge(folder_of(report.set_id))
    with archive.work(actor) as work:
        for medium_id, why in report.media.items():
            row: BackupSet = work.get(BackupSet, (report.set_id, medium_id))
            row.state, row.reason = (BackupState.failed if why else BackupState.good), why[:2_000]
            row.finished_at = row.checked_at = work.now()
            row.byte_count, row.log_number = (0 if why else report.size), report.log_number
            work.record_of(
                Verb.backup_made,
                "backup_set",
                report.set_id,
                outcome="failure" if why else "success",
                medium=medium_id,
                backup=report.kind.value,
                bytes=row.byte_count,
                reason=row.reason,
            )
            if why:
                open_incident(work, "backup-failed", root_id=medium_id, found=row.reason)
