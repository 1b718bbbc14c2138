"""`archive rebuild`: a new database and a new index from the storage roots, which then take the place of the old ones.

The steps are those of `Rebuilding.build`. Nothing of the old database is read. Interrupted, it goes on where its two long
steps were when it is begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive_service.accounts.signin import set_password
from archive_service.initialise import TIMETABLES
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.jobs import Timetable
from archive_service.kernel.keys import make_keys
from archive_service.kernel.memory import few_arenas
from archive_service.kernel.people import Person
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.kernel.state import ArchiveState, Gate, archive_state
from archive_service.migrations import upgrade
from archive_service.rebuild.carry import carry
from archive_service.rebuild.checkpoint import Checkpoint, Step
from archive_service.rebuild.dossiers import bring_dossiers
from archive_service.rebuild.found import Seen, find_roots, look
from archive_service.rebuild.indexing import bring_index
from archive_service.rebuild.log_entries import bring_log
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.rebuild.swap import (
    SIDE_FILES,
    building_site,
    clear_site,
    sqlite_file,
    take_place,
)
from archive_service.rebuild.tables import (
    bring_acts,
    bring_assessments,
    bring_organisation,
    bring_system_rows,
    fetch_tables,
    read_system_objects,
)
from archive_service.work import Archive
from preservation.audits.strays import DOSSIER
from preservation.models import StorageRoot
from preservation.roots.markers import Marker, write_marker
from preservation.system.store import SYSTEM

log = logging.getLogger(__name__)


def rebuild(
    archive: Archive,
    progress: Progress = lambda step, done, total: None,
    *,
    into: str | None = None,
    drill: bool = False,
    passwords: Mapping[str, str] | None = None,
    backup: str | None = None,
) -> RebuildReport:
    """Builds everything anew and swaps it in. No other process may have the archive open.

    `into`: URL of a new, empty database, needed for PostgreSQL, which then becomes the setting `database`. `drill`: only
    builds the database there and changes neither index, markers nor anything in service; needs `into`. `passwords`:
    user name → new password, for the people who must sign in before a backup brings the old ones back. `backup`: URL of
    a restored database, from which comes what storage cannot give.

    Raises `NotPossible` (no roots; the target is not empty; a user name that is not there), `Conflict` (the database is
    in use).
    """
    few_arenas()
    url = building_site(archive.settings, into)
    make_keys(archive.settings.data / "keys")
    with scratch(archive.settings.data / SCRATCH) as folder:
        seen = look(archive, folder, SYSTEM, DOSSIER)
        checkpoint = Checkpoint.of(archive.settings.data, seen, url, drill, backup)
        found = checkpoint.found(url)
        if found is None:
            checkpoint.forget()
            _clear(url, into)
        step, report = found or (None, RebuildReport(database=into or archive.settings.database))
        target = Archive(archive.settings.model_copy(update={"database": url}), archive.clock)
        try:
            rebuilding = Rebuilding(target, seen, folder, report, progress, checkpoint)
            rebuilding.build(step, drill, passwords or {}, backup)
        finally:
            target.close()
    if into is None:
        archive.engine.dispose()
        report.kept = _swap(archive, url)
    return report


def _clear(url: str, into: str | None) -> None:
    file = sqlite_file(url)
    if file is not None and into is None:  # beside the old database: ours alone
        for suffix in ("", *SIDE_FILES):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        return
    clear_site(url)


@dataclass(frozen=True, slots=True)
class Rebuilding:
    target: Archive
    seen: Seen
    folder: Path
    report: RebuildReport
    progress: Progress
    checkpoint: Checkpoint

    def build(self, step: Step | None, drill: bool, passwords: Mapping[str, str], backup: str | None) -> None:
        """From the step that an interrupted rebuild had reached, or from the first."""
        target, seen, report = self.target, self.seen, self.report
        self.progress("roots", len(seen.roots), len(seen.roots))
        system = read_system_objects(seen.stores, seen.listing.system)
        tables = fetch_tables(system, self.folder, report)
        if step is None:
            upgrade(target.engine)
            _first_rows(target, seen.markers, self.checkpoint.note)
            bring_log(target, system, seen.stores, self.folder, report, self.progress)
            bring_organisation(target, tables, system, report)
        if step != "index":
            _passwords(target, report, passwords)  # a misspelt name stops here, not after hours
            bring_dossiers(target, seen, self.folder, report, self.progress, self.checkpoint)
            self.checkpoint.forget()
            bring_acts(target, tables, system, self.folder, report)
            bring_assessments(target, report, self.progress)
            bring_system_rows(target, system)
            if backup is not None:
                report.carried = carry(target, backup)
                report.without_password -= report.carried["password"]
        handle = None if drill else bring_index(target, report, self.progress, self.checkpoint)
        self.checkpoint.forget()
        _finish(target, report)
        if handle is not None:
            _trim_markers(target, report)
            handle.publish()


def _first_rows(target: Archive, markers: Sequence[Marker], note: str) -> None:
    """The archive is the same one; what is operational begins anew, and destruction is locked."""
    with target.work(OPERATOR) as work:
        now = work.now()
        state = ArchiveState(
            archive_id=UUID(markers[0].archive_id),
            created_at=datetime.fromisoformat(min(marker.created_at for marker in markers)),
            epoch=max(marker.epoch for marker in markers),
            destruction_locked=True,
            note=note,
        )
        work.session.add_all([state, Gate()])
        work.session.add_all(Timetable(kind=k, every_seconds=s, next_at=now) for k, s in TIMETABLES.items())
        configured = {root.id: root for root in target.settings.storage}
        for marker in markers:
            root = configured[marker.root_id]
            work.session.add(
                StorageRoot(
                    id=root.id,
                    marker_id=UUID(marker.marker_id),
                    failure_domain=root.failure_domain,
                    role=root.role,
                    since=now,
                )
            )


def _passwords(target: Archive, report: RebuildReport, passwords: Mapping[str, str]) -> None:
    with target.work(OPERATOR) as work:
        for username, password in passwords.items():
            person = work.session.scalars(select(Person).where(Person.username == username)).one_or_none()
            if person is None:
                raise NotPossible(
                    f"Không có tài khoản {username} trong các kho.", f"No root knows an account {username}."
                )
            # Whoever ran the rebuild knows it: its owner can do nothing with it but choose another.
            set_password(work, person.id, password, must_change=True)
    report.without_password = report.rows.get("person", 0) - len(passwords)


def _finish(target: Archive, report: RebuildReport) -> None:
    with target.work(OPERATOR) as work:
        state = archive_state(work.session)
        state.note = ""
        work.record(
            Verb.archive_rebuilt,
            state,
            dossiers=report.dossiers,
            log_entries=report.log_entries,
            unreadable=len(report.unreadable),
            conflicts=len(report.conflicts),
            lost_anchors=report.lost_anchors,
            carried=report.carried,
        )


def _trim_markers(target: Archive, report: RebuildReport) -> None:
    """Anchors of entries that are lost leave the markers: the new chain goes on without them, and says so."""
    if not report.lost_anchors:
        return
    for store, marker in find_roots(target).values():
        known = tuple(each for each in marker.anchors if each["number"] <= report.log_entries)
        write_marker(store, replace(marker, anchors=known))


def _swap(archive: Archive, url: str) -> Path | None:
    old, new = sqlite_file(archive.settings.database), sqlite_file(url)
    if old is None or new is None:
        raise RuntimeError("only a file can be swapped")
    return take_place(old, new, f"{archive.clock.now():%Y%m%dT%H%M%S}")
