"""`archive restore`: a set back into a new, empty database; never over a living archive (TT 02 Điều 11, PL VIII, IX).

The steps of `restore` are those of the procedure: find the set, prove it, bring it back beside everything, compare it
with what it said of itself, hold it against the storage roots, and only then say so in its own log.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from archive_service.backup.catalogue import adopt_sets
from archive_service.backup.cipher import PartDamaged, unseal
from archive_service.backup.facts import faults_of
from archive_service.backup.make import SOFTWARE
from archive_service.backup.malware import require_clean
from archive_service.backup.media import Manifest, key_of, read_manifest
from archive_service.backup.newer import Newer, newer_in_storage
from archive_service.backup.tried import check_bytes, load_database, read_facts, require_part
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.kernel.state import archive_state
from archive_service.migrations import schema_head
from archive_service.rebuild.found import find_roots
from archive_service.rebuild.swap import SIDE_FILES, fold, sqlite_file
from archive_service.work import Archive


@dataclass(slots=True)
class RestoreReport:
    """`newer`: what storage holds and the backup does not know. `steps`: (what was done, when)."""

    set_id: str
    medium_id: str
    into: str
    kind: str
    made_at: str
    rows: dict[str, int] = field(default_factory=dict)
    log_number: int = 0
    newer: Newer = field(default_factory=Newer)
    software: str = ""
    unscanned: str = ""
    """Why not everything was scanned for malware; "" when it was."""
    steps: list[tuple[str, datetime]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class BackupDamaged(NotPossible):
    name = "backup-damaged"

    def __init__(self, set_id: str, faults: Sequence[str]) -> None:
        told = "; ".join(faults[:5])
        super().__init__(
            f"Bản sao lưu {set_id} bị hỏng, không phục hồi gì: {told}. Đề nghị dùng bản trên phương tiện kia.",
            f"The backup {set_id} is damaged, nothing was restored: {told}. Use the one on the other medium.",
        )


def restore(
    archive: Archive,
    store: ObjectStore,
    medium_id: str,
    set_id: str,
    identities: Sequence[Any],
    *,
    into: str | None = None,
    software: Path | None = None,
    progress: Callable[[str, int], None] = lambda step, done: None,
) -> RestoreReport:
    """Brings the set back into `into` (the setting `database` when that is an SQLite file that is not there).

    Raises `NotPossible` (the target holds something; keys are missing; another kind of database), `WrongKey`,
    `BackupDamaged`, `BackupInfected`. Whatever is raised, the target is as it was.
    """
    # Without data/keys the log could not be proven: they come back from the safe first.
    key = archive.keys.public
    manifest = _proven(store, set_id, key)
    url = _empty_target(archive, manifest, into, software)
    report = RestoreReport(
        set_id, medium_id, into or archive.settings.database, manifest.kind, manifest.began_at
    )

    def step(name: str) -> None:
        report.steps.append((name, archive.clock.now()))
        progress(name, len(report.steps))

    step("set-proven")
    with _as_it_was(url, set_id, software):
        facts = read_facts(store, manifest, identities)
        step("key-fits")
        holder = _software_holder(archive, store, manifest) if software is not None else manifest
        sets = [manifest] if holder is manifest else [manifest, holder]
        report.unscanned = require_clean(archive, store, sets, identities)
        step("scanned")
        site = _site(url)
        load_database(store, manifest, identities, site)
        step("database-loaded")
        _require_equal(site, facts, key, set_id)
        step("compared")
        if software is not None:
            report.software = str(_bring_software(archive, store, holder, identities, software))
            step("software-unpacked")
        report.rows, report.log_number = facts.rows, int(facts.anchor["number"])
        _settle(archive, site, report)
        step("held-against-storage")
        _move_in(site, url)
    return report


@contextmanager
def _as_it_was(url: str, set_id: str, software: Path | None) -> Iterator[None]:
    """Whatever goes wrong, nothing is left at `url` and no software; a damaged part and a full disk are told as such."""
    try:
        yield
    except BaseException as error:
        _clear(url)
        if software is not None:
            shutil.rmtree(software, ignore_errors=True)
        if isinstance(error, PartDamaged):
            raise BackupDamaged(set_id, [str(error)]) from error
        if isinstance(error, OSError):
            raise TryLater(
                f"Chưa phục hồi được: {error}.", f"Nothing was restored: {error}.", name="restore-failed"
            ) from error
        raise


def _proven(store: ObjectStore, set_id: str, key: Any) -> Manifest:
    try:
        manifest = read_manifest(store, set_id, key)
    except PartDamaged as error:
        raise BackupDamaged(set_id, [str(error)]) from error
    if faults := check_bytes(store, manifest):
        raise BackupDamaged(set_id, faults)
    return manifest


def _empty_target(archive: Archive, manifest: Manifest, into: str | None, software: Path | None) -> str:
    """The URL to restore to. Raises `NotPossible` unless nothing is there, nor where the software goes."""
    _require_schema(archive, manifest)
    url = into or archive.settings.database
    file = sqlite_file(url)
    if (manifest.database == "sqlite") != (file is not None):
        raise NotPossible(
            f"Bản sao lưu là của {manifest.database}: cần --into cùng loại cơ sở dữ liệu.",
            f"The backup is one of {manifest.database}: --into must name a database of that kind.",
            name="other-database",
        )
    if file is not None:
        there = any(file.with_name(file.name + suffix).exists() for suffix in ("", *SIDE_FILES))
    else:
        engine = open_engine(url)
        there = bool(inspect(engine).get_table_names())
        engine.dispose()
    if software is not None and software.exists():
        raise NotPossible(
            f"{software} đã có: nêu một thư mục mới.",
            f"{software} is there already: name a new folder.",
            name="target-not-empty",
        )
    if there:
        raise NotPossible(
            "Cơ sở dữ liệu đích không trống: không bao giờ phục hồi đè lên kho đang có. Đề nghị nêu --into mới.",
            "The target database is not empty: nothing is ever restored over an archive. Name a new --into.",
            name="target-not-empty",
        )
    return url


def _require_schema(archive: Archive, manifest: Manifest) -> None:
    """The software of that day reads it; whatever came later is upgraded to by `archive init` afterwards."""
    head = schema_head(archive.engine)
    if manifest.schema != head:
        raise NotPossible(
            f"Bản sao lưu ở lược đồ {manifest.schema}, phần mềm này ở {head}. Đề nghị cài phần mềm của ngày sao lưu "
            "(tệp software.tar.gz.age), phục hồi, rồi nâng cấp.",
            f"The backup is of schema {manifest.schema}, this software of {head}. Install the software of that day "
            "(its software.tar.gz.age), restore, then upgrade.",
            name="other-version",
        )


def _site(url: str) -> str:
    """Where it is built: for SQLite beside the target, which gets its name as the last thing."""
    file = sqlite_file(url)
    if file is None:
        return url
    file.parent.mkdir(parents=True, exist_ok=True)
    site = file.with_name(file.name + ".restoring")
    site.unlink(missing_ok=True)
    return f"sqlite:///{site}"


def _require_equal(site: str, facts: Any, key: Any, set_id: str) -> None:
    engine = open_engine(site)
    try:
        faults = faults_of(engine, facts, key)
    finally:
        engine.dispose()
    if faults:
        raise BackupDamaged(set_id, faults)


def _move_in(site: str, url: str) -> None:
    built, target = sqlite_file(site), sqlite_file(url)
    if built is not None and target is not None:
        fold(built)
        os.link(built, target)  # never replaces: somebody may have made one meanwhile
        built.unlink()


def _clear(url: str) -> None:
    """What was half restored is removed; for SQLite that never had the target's name."""
    file = sqlite_file(url)
    if file is not None:
        for suffix in ("", *SIDE_FILES):
            file.with_name(file.name + ".restoring" + suffix).unlink(missing_ok=True)
        return
    engine = open_engine(url)
    Base.metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


def _software_holder(archive: Archive, store: ObjectStore, manifest: Manifest) -> Manifest:
    """The set that holds the software of that day: an incremental one names the full one."""
    if manifest.part(SOFTWARE):
        return manifest
    return read_manifest(store, manifest.software["set"], archive.keys.public)


def _bring_software(
    archive: Archive, store: ObjectStore, holder: Manifest, identities: Sequence[Any], folder: Path
) -> Path:
    """Unpacked into a new folder."""
    with scratch(archive.settings.data / SCRATCH) as place:
        packed = place / "software.tar.gz"
        with packed.open("wb") as stream:
            unseal(store, key_of(holder.set_id, SOFTWARE), require_part(holder, SOFTWARE), identities, stream)
        folder.mkdir(parents=True)
        with tarfile.open(packed) as tar:
            tar.extractall(folder, filter="data")
    return folder


def _settle(archive: Archive, site: str, report: RestoreReport) -> None:
    """Held against storage. Where storage is newer no entry is written (it would part the log from its anchors), and the
    start is refused: without an anchor since the backup only an epoch set back does that."""
    target = Archive(archive.settings.model_copy(update={"database": site}), archive.clock)
    try:
        report.newer = newer_in_storage(target)
        if not report.newer:
            adopt_sets(target)
            with target.work(OPERATOR) as work:
                state = archive_state(work.session)
                state.destruction_locked, state.destruction_released_by = True, []
                work.record(
                    Verb.archive_restored, state, set=report.set_id, medium=report.medium_id,
                    rows=sum(report.rows.values()), log=report.log_number,
                    began=report.steps[0][1], finished=work.now(),
                )  # fmt: skip
        else:
            anchored = max(marker.epoch for _, marker in find_roots(target).values())
            with target.work(OPERATOR) as work:
                state = archive_state(work.session)
                state.epoch = min(state.epoch, anchored - 1)
    finally:
        target.close()
