"""The audit of copies: the oldest check first, bounded, resumable; every fault told once, with copy and file.

Progress is each row's `next_check`, so that a run that was cut off goes on where it was. A root without our marker is
not audited: an empty mount would report every record missing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.events import Verb
from archive_service.kernel.log import ahead_of
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.kernel.state import archive_state
from archive_service.work import Archive, Work
from preservation.aips.pieces import pieces_of
from preservation.aips.store import copies_of, senders_of
from preservation.audits.agreement import agreed_digest
from preservation.audits.coverage import keep_snapshot
from preservation.audits.liveness import audit_canaries
from preservation.audits.pace import ClockWatch, Pace, closing, next_opening
from preservation.audits.root_files import audit_root_files
from preservation.audits.slices import KIND, Due, due_copies
from preservation.audits.system_audit import audit_system_objects
from preservation.audits.told import RECHECK, tell
from preservation.copies import beating, claim_copy, give_back, held_copy
from preservation.incidents.register import open_incident
from preservation.models import Amendment, Dossier, DossierState
from preservation.roots.markers import check_roots, root_trouble
from preservation.roots.retired import retired_ids
from preservation.verify import CopyFault, verify_copy
from preservation.watch_models import AuditRun

MOST_FAULTS = 100
"""Told one by one for one copy; more of them are one more of the same."""
QUIET = "offline"
"""The reason that is no trouble: a set in its safe, a root that was retired while this process runs."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """`stopped`: root id → why its audit ended. `more`: copies are due still; the next run takes them."""

    run_id: UUID
    checked: int
    faults: int
    stopped: dict[str, str]
    more: bool


@dataclass(slots=True)
class _Run:
    """`until`: when its hours end. `put_off`: they ended before it did."""

    id: UUID
    clock: ClockWatch
    pace: Pace
    until: datetime | None
    stopped: dict[str, str] = field(default_factory=dict)
    put_off: bool = False


def nightly_audit(archive: Archive) -> RunReport | None:
    """Job: an audit within its hours; outside them it waits until they begin."""
    hours, now = archive.settings.fixity_hours, archive.clock.now()
    until = closing(hours, now) if hours else None
    if hours and until is None:
        with archive.work(THE_ARCHIVE) as work:
            work.owe("fixity_run", run_after=next_opening(hours, now))
        return None
    return fixity_run(archive, until=until)


def fixity_run(
    archive: Archive, *, limit: int | None = None, early: bool = False, until: datetime | None = None
) -> RunReport:
    """Audits the copies with the oldest `next_check` over all roots, at most `limit` (`run_objects`) of them.

    `early` also takes copies whose time has not come: for a person who wants to know now. After `until` no copy more
    is begun.
    """
    most = limit or archive.settings.run_objects
    run = _start(archive, until)
    run.stopped |= dict.fromkeys(retired_ids(archive), QUIET)
    if trouble := _clock_trouble(archive):
        _stop_all(archive, run, trouble)
    for root_id, (state, reason) in check_roots(archive).items():
        if state != "online":
            _stop(archive, run, root_id, reason or state)
    ours = audit_canaries(archive, skip=run.stopped)
    ours += audit_root_files(archive, skip=run.stopped)
    ours += audit_system_objects(archive, skip=run.stopped, early=early)
    due = due_copies(archive, most, early, run.stopped)
    with ThreadPoolExecutor(archive.settings.workers) as pool:
        for _ in pool.map(lambda each: _audit(archive, run, each), due):
            pass
    found = _finish(archive, run, ours, more=len(due) == most and not early)
    keep_snapshot(archive)
    return found


def _clock_trouble(archive: Archive) -> str:
    """When the clock ran back behind the log and nobody has confirmed it: no date of this audit could be trusted."""
    with archive.look(THE_ARCHIVE) as work:
        now, latest = work.now(), ahead_of(work.session, work.now())
        confirmed = archive_state(work.session).clock_confirmed_until
        if latest is None or (confirmed is not None and now <= confirmed):
            return ""
        return f"clock-ran-back {latest.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"


def _start(archive: Archive, until: datetime | None) -> _Run:
    with archive.work(THE_ARCHIVE) as work:
        row = AuditRun(kind=KIND, started_at=work.now())
        work.session.add(row)
    return _Run(row.id, ClockWatch(archive.clock), Pace(archive.settings.fixity_mib_per_second), until)


def _stop(archive: Archive, run: _Run, root_id: str, reason: str) -> None:
    if run.stopped.setdefault(root_id, reason) is not reason:
        return
    if reason == QUIET:  # in its safe: audited by `check-set`, and here when it is connected
        return
    with archive.work(THE_ARCHIVE) as work:
        open_incident(work, "audit-stopped", root_id=root_id, found=reason)
        work.record_of(Verb.audit_stopped, "storage_root", root_id, outcome="failure", reason=reason)


def _stop_all(archive: Archive, run: _Run, reason: str) -> None:
    """What is wrong with the audit itself, told once and of no root."""
    if all(root.id in run.stopped for root in archive.settings.storage):
        return
    run.stopped |= {root.id: reason for root in archive.settings.storage if root.id not in run.stopped}
    with archive.work(THE_ARCHIVE) as work:
        open_incident(work, "audit-stopped", found=reason)
        work.record_of(Verb.audit_stopped, "audit_run", run.id, outcome="failure", reason=reason)


def _finish(archive: Archive, run: _Run, ours: int, *, more: bool) -> RunReport:
    """`ours`: faults of declarations and system objects, which are no dossier's."""
    with archive.work(THE_ARCHIVE) as work:
        row: AuditRun = work.get(AuditRun, run.id)
        row.faults += ours
        stopped = {root: reason for root, reason in run.stopped.items() if reason != QUIET}
        row.finished_at, more = work.now(), (more and row.checked > 0) or run.put_off
        row.stopped = "; ".join(f"{root}: {reason}" for root, reason in sorted(stopped.items()))[:500]
        work.record(Verb.audit_finished, row, checked=row.checked, faults=row.faults, stopped=row.stopped)
        if more:
            work.owe("fixity_run")
        if row.faults and archive.settings.repairs_a_day:
            work.owe("repair_copies")
    return RunReport(run.id, row.checked, row.faults, stopped, more)


def _audit(archive: Archive, run: _Run, due: Due) -> None:
    """One copy: claim, read with no transaction open, settle."""
    if due.root_id in run.stopped:
        return
    if run.until is not None and archive.clock.now() >= run.until:
        run.put_off = True
        return
    lease = claim_copy(archive, due.dossier_id, due.root_id, seen=due.next_check)
    if lease is None:
        return
    with beating(archive, due.dossier_id, due.root_id, lease):
        _read(archive, run, due, lease)


def _read(archive: Archive, run: _Run, due: Due, lease: UUID) -> None:
    with archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get_one(Dossier, due.dossier_id)
        senders = senders_of(work, due.dossier_id)
    try:
        store = archive.stores[due.root_id]
        found = verify_copy(store, dossier.object_id, dossier.inventory_digest, senders, run.pace)
        faults = list(islice(found, MOST_FAULTS))
    except StoreAway as error:
        faults, away = [], error.reason
    else:
        away = root_trouble(archive, due.root_id)[1] if faults else ""
    if away:
        # The mount went away under our hands: what it seemed to lack says nothing of the copy.
        give_back(archive, due.dossier_id, due.root_id, lease)
        _stop(archive, run, due.root_id, away)
        return
    if jumped := run.clock.jumped():
        give_back(archive, due.dossier_id, due.root_id, lease)
        _stop_all(archive, run, jumped)
        return
    stores = online_copies(archive, dossier) if faults else {}
    whole = pieces_of(stores, dossier.object_id, dossier.inventory_digest, senders, run.pace) is not None
    agreed = None if whole or not faults else agreed_digest(stores, dossier.object_id, run.pace)
    _settle(archive, run, due, lease, dossier.inventory_digest, faults, whole=whole, agreed=agreed)


def online_copies(archive: Archive, dossier: Dossier) -> dict[str, ObjectStore]:
    """The roots that hold something of the dossier and answer now."""
    with archive.look(THE_ARCHIVE) as work:
        roots = [row.root_id for row in copies_of(work, dossier.id)]
    held = [root for root in roots if root in archive.stores and root_trouble(archive, root)[0] == "online"]
    return {root: archive.stores[root] for root in held}


def _settle(
    archive: Archive,
    run: _Run,
    due: Due,
    lease: UUID,
    digest: str,
    faults: list[CopyFault],
    *,
    whole: bool,
    agreed: str | None,
) -> None:
    with archive.work(THE_ARCHIVE) as work:
        copy = held_copy(work, due.dossier_id, due.root_id, lease)
        if copy is None:
            return
        copy.lease_until = copy.lease_by = None
        dossier = work.session.get_one(Dossier, due.dossier_id)
        if _outdated(work, dossier, digest, faults):
            copy.next_check = work.now() + RECHECK
            return
        tell(work, dossier, copy, faults, whole=whole, agreed=agreed)
        count = update(AuditRun).where(AuditRun.id == run.id)
        work.session.execute(count.values(checked=AuditRun.checked + 1, faults=AuditRun.faults + len(faults)))


def _outdated(work: Work, dossier: Dossier, digest: str, faults: list[CopyFault]) -> bool:
    """Whether the dossier became another one, or is about to, while its copy was read: nothing was proven then."""
    if dossier.state is DossierState.destroyed or dossier.inventory_digest != digest:
        return True
    return bool(faults) and work.session.get(Amendment, dossier.id) is not None
