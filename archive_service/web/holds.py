"""`/holds`: what must not be destroyed, by whose order. Placed by one person at once, lifted by two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import Missing
from archive_service.kernel.permissions import Permission
from archive_service.web.due import choices
from archive_service.web.exports import export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.lists import Column, Empty, Filter, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.work import Work
from preservation.models import Dossier
from retention.destruction.turns import names_of
from retention.holds import count_held, list_holds
from retention.lifting import lift_hold, request_lift
from retention.models import Hold

router = page_router()

HOLDS = (
    Column("order", "hold.order", sheet=lambda row: row.hold.order_number),
    Column("order_date", "hold.order_date", sheet=lambda row: row.hold.order_date),
    Column("reason", "hold.reason", sheet=lambda row: row.hold.reason),
    Column("reach", "hold.reach", sheet=lambda row: row.reach),
    Column("review_on", "hold.review_on", sheet=lambda row: row.hold.review_on),
    Column("state", "hold.state", sheet=lambda row: row.hold.lifted_at),
)
MOST_COUNTED = 1_001


@dataclass(frozen=True)
class HoldRow:
    hold: Hold
    reach: str


@router.get("/holds")
def holds(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    lifted = Filter("lifted", "hold.which", "choice", [("1", t("hold.lifted"))])
    asked = ask(request, "holds", HOLDS, (lifted,), sort="")
    units, fonds = choices(visit)
    with visit.archive.look(visit.actor) as work:
        found = list_holds(
            work, visit.archive, lifted=bool(asked.values["lifted"]), cursor=asked.position, limit=asked.limit
        )
        rows = [HoldRow(hold, _reach(work, hold, units, fonds, t)) for hold in found.items]
        may_place = work.actor.may(Permission.place_holds)
    if asked.wants_sheet:
        return export(request, visit, asked, t("hold.title"), rows)
    window = asked.page_of(Listed(rows, found.next))
    listing = Listing(asked, t("hold.caption"), window, Empty("nothing_yet", t("hold.none")))
    page = Page(t("hold.title"), t("hold.summary"), here="/holds")
    return render(request, "holds.html", page, listing=listing, may_place=may_place)


def _reach(work: Work, hold: Hold, units: Mapping[str, str], fonds: Mapping[str, str], t: Sentences) -> str:
    """What a hold covers, in words: one dossier; or a unit, a fonds, words of the title, together."""
    if hold.dossier_id is not None:
        dossier = work.session.get(Dossier, hold.dossier_id)
        return t("hold.reach_dossier", code=dossier.code if dossier else "")
    parts = []
    if hold.unit_id is not None:
        parts.append(t("hold.reach_unit", name=units.get(str(hold.unit_id), "")))
    if hold.fonds_id is not None:
        parts.append(t("hold.reach_fonds", name=fonds.get(str(hold.fonds_id), "")))
    if hold.title_words:
        parts.append(t("hold.reach_words", words=hold.title_words))
    return "; ".join(parts)


@router.get("/holds/{hold_id}")
def hold(request: Request, visit: TheVisit, hold_id: UUID) -> Response:
    return _show(request, visit, hold_id, visit.form())


def _show(request: Request, visit: Visit, hold_id: UUID, form: Form, status: int = 200) -> Response:
    t, (units, fonds) = sentences(request), choices(visit)
    with visit.archive.look(visit.actor) as work:
        found = _visible(work, hold_id)
        reach = _reach(work, found, units, fonds, t)
        number = count_held(work.session, found, MOST_COUNTED)
        names = names_of(work, [found.placed_by, found.lift_requested_by, found.lifted_by])
        may = {
            "request": work.actor.may(Permission.place_holds) and found.lift_requested_by is None,
            "lift": work.actor.may(Permission.lift_holds) and found.lift_requested_by is not None,
        }
        asked_for_it = found.lift_requested_by == work.actor.id
    crumbs = [(t("hold.title"), "/holds"), (found.order_number, "")]
    page = Page(
        t("hold.one", order=found.order_number), "", crumbs, "/holds", bool(form.errors or form.wrong)
    )
    return render(
        request,
        "hold.html",
        page,
        status,
        hold=found,
        reach=reach,
        count=number,
        most=MOST_COUNTED - 1,
        names=names,
        form=form,
        may=may,
        asked_for_it=asked_for_it,
        request_act=act(request, f"/holds/{hold_id}/request-lift"),
        lift_act=act(request, f"/holds/{hold_id}/lift"),
    )


def _visible(work: Work, hold_id: UUID) -> Hold:
    scope = work.allow(Permission.see_retention)
    found: Hold = work.get(Hold, hold_id)
    unit, fonds = found.unit_id, found.fonds_id
    if found.dossier_id is not None:
        dossier = work.get(Dossier, found.dossier_id)
        unit, fonds = dossier.unit_id, dossier.fonds_id
    if not scope.holds(unit, fonds):
        raise Missing
    return found


@router.post("/holds/{hold_id}/request-lift")
def ask_to_lift(request: Request, visit: TheVisit, hold_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.actor) as work:
            found = request_lift(work, hold_id, posted.text("reason"))
    except IN_FORM as error:
        return _show(request, visit, hold_id, form_after(posted, error, visit.language, "reason"), 422)
    return redirect(f"/holds/{hold_id}", Flash("hold.lift_requested", order=found.order_number))


@router.post("/holds/{hold_id}/lift")
def lift(request: Request, visit: TheVisit, hold_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            found = lift_hold(work, hold_id)
    except IN_FORM as error:
        return _show(request, visit, hold_id, form_after(posted, error, visit.language), 422)
    return redirect(f"/holds/{hold_id}", Flash("hold.lift_done", order=found.order_number))
