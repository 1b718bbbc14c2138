"""biên bản kiểm tra hằng năm (TT 02/2019/TT-BNV Đ.9): what was checked in a year, and the list of faulty files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from archive_service.kernel.actors import Actor
from archive_service.kernel.clock import VIETNAM, vietnam_date
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import Anchor, sign_head
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.incidents.audit_papers import told
from preservation.incidents.minutes import STATES
from preservation.models import Copy, Dossier, StorageRoot
from preservation.papers import draw_paper
from preservation.watch_models import AuditRun, Incident

TEMPLATE = Path(__file__).with_name("yearly_check.typ")
YEARLY, FAULTY = "yearly_check", "faulty_files"
FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Faulty:
    """One faulty file with its storage address."""

    dossier: str
    root: str
    path: str
    what: str
    found_at: str
    state: str


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """Everything that the minutes say. Copies are those of the day of the paper; runs are those of the year."""

    agency: str
    archive: str
    year: int
    made_at: str
    by: str
    runs: int
    stopped: int
    checked: int
    faults: int
    roots: tuple[tuple[str, str, int], ...]
    """Root, failure domain, copies."""
    faulty: tuple[Faulty, ...]
    anchor: Anchor


def draw_check(facts: CheckFacts, at: datetime) -> bytes:
    return draw_paper(TEMPLATE, at, facts=asdict(facts))


def check_of_year(archive: Archive, actor: Actor, year: int, kinds: dict[str, str]) -> CheckFacts:
    """`kinds` are the words for kinds of incidents. Raises `NotPossible` for a year that has not begun.

    Does not check anything itself: it tells what the audits of that year found.
    """
    with archive.look(actor) as work:
        scope = work.allow(Permission.handle_incidents)
        if not FIRST_YEAR <= year <= vietnam_date(work.now()).year or not scope.everything:
            raise NotPossible(
                "Chưa lập được biên bản: năm chưa đến, hoặc Ông/Bà chỉ được kiểm tra một phần kho.",
                "No minutes: the year has not begun, or you may audit a part of the archive only.",
                name="wrong-year",
            )
        begin, end = (datetime(each, 1, 1, tzinfo=VIETNAM) for each in (year, year + 1))
        runs, checked, faults, stopped = _runs(work, begin, end)
        by = work.session.get(Person, actor.id) if actor.id else None
        return CheckFacts(
            agency=archive.settings.agency,
            archive=archive.settings.name,
            year=year,
            made_at=told(work.now()),
            by=by.name if by else "",
            runs=runs,
            stopped=stopped,
            checked=checked,
            faults=faults,
            roots=_roots(work),
            faulty=_faulty(work, begin, end, kinds),
            anchor=sign_head(work.session, archive.keys.log),
        )


def _runs(work: Work, begin: datetime, end: datetime) -> tuple[int, int, int, int]:
    """Finished runs, copies read, faults found, and runs that stopped."""
    sums = (
        func.count(),
        func.coalesce(func.sum(AuditRun.checked), 0),
        func.coalesce(func.sum(AuditRun.faults), 0),
    )
    within = (AuditRun.kind == "fixity", AuditRun.finished_at >= begin, AuditRun.finished_at < end)
    runs, checked, faults = work.session.execute(select(*sums).where(*within)).one()
    stopped = select(func.count()).select_from(AuditRun).where(*within, AuditRun.stopped != "")
    return runs, int(checked), int(faults), work.session.scalar(stopped) or 0


def _roots(work: Work) -> tuple[tuple[str, str, int], ...]:
    counts = select(Copy.root_id, func.count()).group_by(Copy.root_id)
    numbers = {str(root): number for root, number in work.session.execute(counts)}
    roots = work.session.scalars(select(StorageRoot).order_by(StorageRoot.id))
    return tuple((each.id, each.failure_domain, numbers.get(each.id, 0)) for each in roots)


def _faulty(work: Work, begin: datetime, end: datetime, kinds: dict[str, str]) -> tuple[Faulty, ...]:
    query = (
        select(Incident, Dossier.code)
        .outerjoin(Dossier, Dossier.id == Incident.dossier_id)
        .where(Incident.opened_at >= begin, Incident.opened_at < end)
        .order_by(Incident.opened_at, Incident.id)
    )
    return tuple(
        Faulty(
            dossier=code or "",
            root=each.root_id,
            path=each.path,
            what=kinds.get(each.kind, each.kind),
            found_at=told(each.opened_at),
            state=STATES[each.state.value],
        )
        for each, code in work.session.execute(query)
    )
