"""`/retention/list`: a destruction list is made from a filter, after a look at what it would hold."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import func, select

from archive_service.kernel.clock import vietnam_date
from archive_service.web.due import asked_for, id_of
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.lists import Asked
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from preservation.models import Dossier
from retention.destruction.propose import propose_destruction
from retention.reach import chunked
from retention.schedule import pick_due

router = page_router()
SHOWN = 50


@dataclass(frozen=True)
class Proposal:
    """What a list made from this filter would hold now. `version` changes with any dossier in it."""

    ids: list[UUID]
    documents: int
    size: int
    first: list[Dossier]

    @property
    def version(self) -> int:
        return zlib.crc32(b"".join(each.bytes for each in self.ids))


def _proposal(visit: Visit, asked: Asked) -> Proposal:
    with visit.archive.look(visit.actor) as work:
        today = vietnam_date(work.now())
        unit, fonds = id_of(asked.values["unit"]), id_of(asked.values["fonds"])
        ids = pick_due(work, today, unit_id=unit, fonds_id=fonds)
        documents = size = 0
        for some in chunked(ids):
            sums = select(func.sum(Dossier.document_count), func.sum(Dossier.byte_count))
            row = work.session.execute(sums.where(Dossier.id.in_(some))).one()
            documents, size = documents + int(row[0]), size + int(row[1])
        shown = select(Dossier).where(Dossier.id.in_(ids[:SHOWN])).order_by(Dossier.title_key)
        return Proposal(ids, documents, size, list(work.session.scalars(shown)))


@router.get("/retention/list")
def preview(request: Request, visit: TheVisit) -> Response:
    asked, _ = asked_for(request, visit)
    return _preview(request, asked, _proposal(visit, asked), visit.form())


def _preview(request: Request, asked: Asked, proposal: Proposal, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    chosen = "; ".join(f"{t(one.label)}: {one.words(asked.values[one.name])}" for one in asked.chosen)
    crumbs = [(t("navigation.due"), "/retention"), (t("propose.crumb"), "")]
    title = t("propose.title", n=len(proposal.ids))
    page = Page(title, chosen, crumbs, here="/retention", failed=bool(form.errors or form.wrong))
    action = asked.link()
    return render(
        request,
        "propose.html",
        page,
        status,
        form=form,
        proposal=proposal,
        act=act(request, action, proposal.version),
        back=action.replace("/retention/list", "/retention", 1),
    )


@router.post("/retention/list")
def propose(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    asked, _ = asked_for(request, visit)
    t, proposal = sentences(request), _proposal(visit, asked)
    if posted.version != proposal.version:
        return _preview(request, asked, proposal, Form(posted.typed, {}, t("propose.changed")), 409)
    unit, fonds = id_of(asked.values["unit"]), id_of(asked.values["fonds"])
    try:
        with visit.archive.work(visit.actor) as work:
            explanation = posted.text("explanation")
            listed = propose_destruction(
                work, proposal.ids, explanation=explanation, unit_id=unit, fonds_id=fonds
            )
    except IN_FORM as error:
        at = "explanation" if error.name == "field-missing" else ""
        return _preview(request, asked, proposal, form_after(posted, error, visit.language, at), 422)
    flash = Flash("propose.done", number=listed.number, n=len(proposal.ids))
    return redirect(f"/destruction/{listed.id}", flash)
