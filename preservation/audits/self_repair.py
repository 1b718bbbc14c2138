"""Damaged copies made good without a person, within a limit a day.

Beyond the limit nothing is touched until a person has decided: damage to many copies at once has a cause (a disk, a
controller, an intruder), and repairing it away would destroy what shows the cause and wear out the copies that are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Missing, NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.aips.amend import amend, event_of
from preservation.aips.catalogue import Description
from preservation.aips.store import NotProven
from preservation.audits.restore import restore_copy
from preservation.incidents.register import open_incident
from preservation.leases import alone
from preservation.models import Copy, CopyState, Dossier, DossierState
from preservation.ocfl.checked_source import ContentChanged
from preservation.watch_models import AuditRun

KIND, WAIT = "repair", "repairs-wait"
DAMAGED = (CopyState.changed, CopyState.missing, CopyState.unreadable, CopyState.extra)
MOST_ALLOWED = 100_000
"""Damaged copies that a person may let go at once."""


@dataclass(frozen=True, slots=True)
class RepairReport:
    """`waiting`: copies that a person must decide about, at least so many."""

    repaired: int = 0
    failed: int = 0
    waiting: int = 0


def repair_copies(archive: Archive, allowed: str = "") -> RepairReport:
    """Job: restores the damaged copies, all of them or, when they are more than today's limit lets through, none.

    `allowed`: the number that a person let through instead.
    """
    with alone(archive, "repairs", timedelta(hours=6)) as mine:
        if not mine:
            return RepairReport()
        with archive.work(THE_ARCHIVE) as work:
            most = int(allowed) if allowed else left_today(work)
            damaged = _damaged(work, most + 1)
            if len(damaged) > most:
                open_incident(work, WAIT, found=f"> {most}", expected=f"<= {most}")
                return RepairReport(waiting=len(damaged))
            run = AuditRun(kind=KIND, started_at=work.now())
            work.session.add(run)
        done = [_repair(archive, run.id, *each) for each in damaged]
        with archive.work(THE_ARCHIVE) as work:
            row: AuditRun = work.get(AuditRun, run.id)
            row.finished_at, row.checked, row.faults = work.now(), len(done), done.count(False)
    return RepairReport(done.count(True), done.count(False))


def left_today(work: Work) -> int:
    """How many copies may still be made good without a person within these 24 hours."""
    since = work.now() - timedelta(days=1)
    done = select(func.sum(AuditRun.repaired)).where(AuditRun.kind == KIND, AuditRun.started_at > since)
    return max(0, work.settings.repairs_a_day - (work.session.scalar(done) or 0))


def damaged_copies(work: Work) -> int:
    """How many could be repaired; stops one above what a person may let through."""
    return len(_damaged(work, MOST_ALLOWED + 1))


def _damaged(work: Work, most: int) -> list[tuple[UUID, str]]:
    query = (
        select(Copy.dossier_id, Copy.root_id)
        .join(Dossier, Dossier.id == Copy.dossier_id)
        .where(Copy.state.in_(DAMAGED), Dossier.state != DossierState.destroyed)
        .order_by(Copy.root_id, Copy.next_check, Copy.dossier_id)
        .limit(most)
    )
    return [(dossier_id, root_id) for dossier_id, root_id in work.session.execute(query)]


def _repair(archive: Archive, run_id: UUID, dossier_id: UUID, root_id: str) -> bool:
    try:
        restore_copy(archive, THE_ARCHIVE, dossier_id, root_id)
    except (TryLater, Missing):
        return False  # away, or gone meanwhile: the next audit says so
    except Conflict as error:
        if error.name == "no-good-copy":
            _read_all(archive, dossier_id)
        return False
    except (NotProven, ContentChanged) as error:
        with archive.work(THE_ARCHIVE) as work:
            dossier = work.session.get(Dossier, dossier_id)
            open_incident(work, "not-repaired", dossier=dossier, root_id=root_id, found=str(error)[:2000])
        return False
    with archive.work(THE_ARCHIVE) as work:
        one_more = update(AuditRun).where(AuditRun.id == run_id)
        work.session.execute(one_more.values(repaired=AuditRun.repaired + 1))
    return True


def _read_all(archive: Archive, dossier_id: UUID) -> None:
    """A copy that its row calls good is not: an audit tells at once whether any is left, else the record is lost."""
    with archive.work(THE_ARCHIVE) as work:
        others = update(Copy).where(Copy.dossier_id == dossier_id, Copy.state != CopyState.owed)
        work.session.execute(others.values(next_check=work.now()))
        work.owe("fixity_run")


def let_repairs_go(work: Work, count: int) -> None:
    """A person's decision that as many as `count` damaged copies are made good, having seen what damaged them."""
    work.allow(Permission.handle_incidents)
    if not 1 <= count <= MOST_ALLOWED:
        raise NotPossible(
            f"Nhập số bản từ 1 đến {MOST_ALLOWED}.",
            f"Enter a number of copies from 1 to {MOST_ALLOWED}.",
            name="wrong-number",
        )
    work.later("repair_copies", count)
    work.record(Verb.repairs_allowed, count=count)


def note_repair(archive: Archive, dossier_id: str, root_id: str, source: str, evidence: str, at: str) -> None:
    """Job: the repair as a PREMIS event in the record's own next version."""
    key = UUID(dossier_id)
    with archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get(Dossier, key)
    if dossier is None or dossier.state is DossierState.destroyed:
        return
    detail = f"{root_id}: damaged copy made good from {source}, read back; evidence kept at {evidence}"
    event = event_of("recovery", datetime.fromisoformat(at), detail)

    def with_event(description: Description) -> Description:
        told = description.get("events", ())
        return description if event in told else {**description, "events": [*told, event]}

    amend(archive, key, with_event, "Khôi phục bản sao hỏng từ bản tốt")
