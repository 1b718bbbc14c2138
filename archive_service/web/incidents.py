"""`/incidents`: what is damaged, what is still good, and what a person decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import Conflict
from archive_service.kernel.permissions import Permission
from archive_service.web.exports import PAGE, every, export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.incident_words import kind_words, stop_words
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Filter, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from preservation.aips.store import NotProven, copies_of
from preservation.audits.restore import restore_copy
from preservation.incidents.alike import alike, close_alike
from preservation.incidents.files import reports_due
from preservation.incidents.register import close_incident, list_incidents, visible_incident
from preservation.models import Dossier
from preservation.ocfl.checked_source import ContentChanged
from preservation.watch_models import UNSETTLED, Incident, IncidentState
from retention.destruction.turns import names_of

router = page_router()

INCIDENTS = (
    Column("kind", "incident.kind", sheet=lambda row: partial(kind_words, row.kind)),
    Column("state", "incident.state", sheet=lambda row: label("incident", row.state.value)),
    Column("root", "fixity.root", sheet=lambda row: row.root_id),
    Column("path", "incident.path", sheet=lambda row: row.path),
    Column("opened_at", "incident.opened_at", sheet=lambda row: row.opened_at),
    Column("closed_at", "incident.closed_at", sheet=lambda row: row.closed_at),
)
#: What can be made good from another copy.
RESTORABLE = frozenset({"changed", "missing", "extra", "unreadable"})
DIGEST = 64
OVERDUE = "overdue"
"""Beside the states: open ones of which somebody should have been told by now."""


@router.get("/incidents")
def incidents(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    options = [(each.value, label("incident", each.value).words(t.language)) for each in IncidentState]
    options.append((OVERDUE, t("incident.overdue")))
    asked = ask(
        request, "incidents", INCIDENTS, (Filter("state", "incident.state", "choice", options),), sort=""
    )
    wanted = asked.values["state"]
    chosen = partial(
        list_incidents,
        state=IncidentState(wanted) if wanted in IncidentState.__members__ else None,
        overdue=wanted == OVERDUE,
    )
    if asked.wants_sheet:
        return export(request, visit, asked, t("incident.title"), _all(visit, chosen))
    with visit.archive.look(visit.actor) as work:
        found = chosen(work, visit.archive, cursor=asked.position, limit=asked.limit)
    empty = Empty("all_done", t("incident.none"))
    listing = Listing(asked, t("incident.caption"), asked.page_of(found), empty)
    page = Page(t("incident.title"), here="/incidents")
    return render(request, "incidents.html", page, listing=listing, words=lambda kind: kind_words(kind, t))


def _all(visit: Visit, chosen: Callable[..., Listed[Incident]]) -> Iterator[Incident]:
    def page(cursor: str | None) -> Listed[Incident]:
        with visit.archive.look(visit.actor) as work:
            return chosen(work, visit.archive, cursor=cursor, limit=PAGE)

    return every(page)


@router.get("/incidents/{incident_id}")
def incident(request: Request, visit: TheVisit, incident_id: UUID) -> Response:
    return _show(request, visit, incident_id, visit.form())


def _show(request: Request, visit: Visit, incident_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        found = visible_incident(work, incident_id)
        dossier = work.session.get(Dossier, found.dossier_id) if found.dossier_id else None
        copies = copies_of(work, dossier.id) if dossier else ()
        handles = work.actor.may(Permission.handle_incidents) and found.state in UNSETTLED
        others = _same_dossier(work.session, found)
        many = len(alike(work, incident_id)) if handles else 0
        names = names_of(work, [found.closed_by])
        due = reports_due(work, found)
    words = kind_words(found.kind, t)
    crumbs = [(t("incident.title"), "/incidents"), (words, "")]
    title = t(
        "incident.one", kind=words, place=request.app.state.site.root(found.root_id) or t("incident.archive")
    )
    page = Page(title, "", crumbs, "/incidents", bool(form.errors or form.wrong))
    return render(
        request,
        "incident.html",
        page,
        status,
        incident=found,
        what=stop_words(found.found, t) if found.kind == "audit-stopped" else found.found,
        dossier=dossier,
        copies=copies,
        others=others,
        many=many,
        names=names,
        handles=handles,
        due=due,
        digests=len(found.found) == len(found.expected) == DIGEST,
        restorable=handles and dossier is not None and bool(found.root_id) and found.kind in RESTORABLE,
        form=form,
        words=lambda kind: kind_words(kind, t),
        close_act=act(request, f"/incidents/{incident_id}/close"),
        restore_act=act(request, f"/incidents/{incident_id}/restore"),
    )


def _same_dossier(session: Session, found: Incident) -> list[Incident]:
    if found.dossier_id is None:
        return []
    query = select(Incident).where(Incident.dossier_id == found.dossier_id, Incident.id != found.id)
    return list(session.scalars(query.order_by(Incident.opened_at.desc()).limit(50)))


@router.post("/incidents/{incident_id}/close")
def close(request: Request, visit: TheVisit, incident_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.actor) as work:
            close_incident(work, incident_id, posted.text("remark"))
            many = close_alike(work, incident_id, posted.text("remark")) if posted.text("alike") else 0
    except IN_FORM as error:
        return _show(request, visit, incident_id, form_after(posted, error, visit.language, "remark"), 422)
    flash = Flash("incident_file.done_alike", n=many) if many else Flash("incident.closed")
    return redirect(f"/incidents/{incident_id}", flash)


@router.post("/incidents/{incident_id}/restore")
def restore(request: Request, visit: TheVisit, incident_id: UUID) -> Response:
    """From a copy that is proven good now; what was found is kept as evidence."""
    with visit.archive.look(visit.actor) as work:
        found = visible_incident(work, incident_id, Permission.handle_incidents)
        dossier_id, root_id = found.dossier_id, found.root_id
    if dossier_id is None:
        return redirect(f"/incidents/{incident_id}")
    try:
        kept = restore_copy(visit.archive, visit.actor, dossier_id, root_id)
    except (NotProven, ContentChanged) as error:
        raise Conflict(
            f"Chưa khôi phục được: kho {root_id} không giữ đúng những gì được ghi, hoặc bản nguồn đổi khi đang đọc. "
            "Kiểm tra ổ đĩa rồi thử lại.",
            f"Not restored: root {root_id} does not keep what is written to it, or the source changed while it was "
            "read. Look at the disks, then try again.",
            name="not-repaired",
        ) from error
    root = request.app.state.site.root(root_id)
    return redirect(f"/incidents/{incident_id}", Flash("incident.restored", root=root, evidence=kept))
