"""sự cố: opened once for each thing that is wrong, listed, and closed by a person with a remark."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select, tuple_, update

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.access import in_scope
from preservation.incidents.alarms import CLOSED, OPENED, WAITS, raise_alarm
from preservation.incidents.clocks import is_overdue
from preservation.models import Dossier
from preservation.watch_models import UNSETTLED, Incident, IncidentState

SHORTEST_REMARK, LONGEST_REMARK = 10, 2000


def open_incident(
    work: Work,
    kind: str,
    *,
    dossier: Dossier | None = None,
    root_id: str = "",
    path: str = "",
    found: str = "",
    expected: str = "",
) -> bool:
    """Opens an incident unless the same one is open already; returns whether it is new."""
    same = select(Incident.id).where(
        Incident.state.in_(UNSETTLED),
        Incident.kind == kind,
        Incident.dossier_id == (dossier.id if dossier else None),
        Incident.root_id == root_id,
        Incident.path == path,
    )
    if work.session.scalars(same.limit(1)).first() is not None:
        return False
    incident = Incident(
        kind=kind,
        dossier_id=dossier.id if dossier else None,
        root_id=root_id,
        path=path,
        found=found,
        expected=expected,
        opened_at=work.now(),
    )
    work.session.add(incident)
    work.session.flush()
    work.record(Verb.incident_opened, incident, kind=kind, root=root_id, path=path)
    raise_alarm(work, incident, OPENED)
    return True


def list_incidents(
    work: Work,
    archive: Archive,
    *,
    state: IncidentState | None = None,
    overdue: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Listed[Incident]:
    """The newest first; those of dossiers outside the auditor's reach are left out. `overdue`: those whose report is."""
    scope = work.allow(Permission.see_fixity)
    bound = f"incidents:{work.actor.id}:{state or ''}:{overdue}"
    query = (
        select(Incident)
        .outerjoin(Dossier, Dossier.id == Incident.dossier_id)
        .where(or_(Incident.dossier_id.is_(None), in_scope(scope)))
        .order_by(Incident.opened_at.desc(), Incident.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if state is not None:
        query = query.where(Incident.state == state)
    if overdue:
        query = query.where(is_overdue(work))
    if cursor is not None:
        last: Incident = work.get(Incident, UUID(str(read_cursor(archive.keys.secret, bound, cursor)[0])))
        query = query.where(tuple_(Incident.opened_at, Incident.id) < (last.opened_at, last.id))
    rows = work.session.scalars(query).all()
    if len(rows) <= limit:
        return Listed(rows, None)
    return Listed(rows[:limit], make_cursor(archive.keys.secret, bound, [rows[limit - 1].id]))


def visible_incident(
    work: Work, incident_id: UUID, permission: Permission = Permission.see_fixity
) -> Incident:
    """The incident; `Missing` when its dossier lies outside the actor's reach."""
    incident: Incident = work.get(Incident, incident_id)
    dossier = work.session.get(Dossier, incident.dossier_id) if incident.dossier_id else None
    if dossier is None:
        work.allow(permission)
    else:
        work.allow_on(permission, dossier.unit_id, dossier.fonds_id)
    return incident


def close_incident(work: Work, incident_id: UUID, remark: str) -> None:
    """Closes it with a sentence. What is still wrong is found by the next audit and opened anew."""
    incident = visible_incident(work, incident_id, Permission.handle_incidents)
    remark = remark.strip()
    if not SHORTEST_REMARK <= len(remark) <= LONGEST_REMARK:
        raise NotPossible(
            f"Nhập nhận xét, từ {SHORTEST_REMARK} đến {LONGEST_REMARK} ký tự.",
            f"Enter a remark, {SHORTEST_REMARK} to {LONGEST_REMARK} characters.",
            name="remark-needed",
        )
    closing = {"closed_at": work.now(), "closed_by": work.actor.id, "remark": remark}
    work.move(Incident, incident.id, of=UNSETTLED, to=IncidentState.closed, **closing)
    work.record(Verb.incident_closed, incident, kind=incident.kind, remark=remark)
    raise_alarm(work, incident, CLOSED)


def wait_for_person(work: Work, incident_id: UUID, question: str) -> None:
    """The archive, or who handles it, cannot go on alone: a person decides what the question asks."""
    incident = visible_incident(work, incident_id, Permission.handle_incidents)
    question = sentence(question, "Câu hỏi", "The question")
    values = {"question": question}
    work.move(Incident, incident_id, of=UNSETTLED, to=IncidentState.waiting_person, **values)
    work.record(Verb.incident_waits, incident, question=question)
    raise_alarm(work, incident, WAITS)


def forget_in_incidents(work: Work, dossier_id: UUID) -> None:
    """A dossier is destroyed: its incidents stay as files of their own, without the names of its files."""
    mine = update(Incident).where(Incident.dossier_id == dossier_id)
    work.session.execute(mine.values(path="", found="", expected="", affected="", evidence=""))
    closing = {"closed_at": work.now(), "question": "", "remark": "Hồ sơ đã hủy."}
    work.session.execute(
        mine.where(Incident.state.in_(UNSETTLED)).values(state=IncidentState.closed, **closing)
    )


def sentence(text: str, vi: str, en: str, *, shortest: int = SHORTEST_REMARK) -> str:
    """What a person wrote, without the spaces around. Raises `NotPossible` when it says nothing."""
    text = text.strip()
    if not shortest <= len(text) <= LONGEST_REMARK:
        raise NotPossible(
            f"{vi}: nhập từ {shortest} đến {LONGEST_REMARK} ký tự.",
            f"{en}: enter {shortest} to {LONGEST_REMARK} characters.",
            name="sentence-needed",
        )
    return text
