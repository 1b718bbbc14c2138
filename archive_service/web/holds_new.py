"""`/holds/new`: one person places a hold, in force at once, at every stage of every list."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.permissions import Permission
from archive_service.web.due import choices
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.typed import NotReadable, typed_date
from archive_service.work import Work
from preservation.models import Dossier
from retention.holds import HoldOrder, place_hold

router = page_router()


@router.get("/holds/new")
def new_hold(request: Request, visit: TheVisit, dossier: str = "") -> Response:
    form = visit.form()
    if dossier and not form.values:
        form = Form({"dossier": dossier[:200]})
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.place_holds)
    return _new(request, visit, form)


def _new(request: Request, visit: Visit, form: Form, status: int = 200) -> Response:
    t, (units, fonds) = sentences(request), choices(visit)
    crumbs = [(t("hold.title"), "/holds"), (t("hold.place"), "")]
    return render(
        request,
        "hold_new.html",
        Page(t("hold.place"), t("hold.place_summary"), crumbs, "/holds", bool(form.errors or form.wrong)),
        status,
        form=form,
        act=act(request, "/holds/new"),
        units=[("", t("hold.any")), *units.items()],
        fonds=[("", t("hold.any")), *fonds.items()],
    )


@router.post("/holds/new")
def place(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    t = sentences(request)
    errors = _errors(posted, t)
    if errors:
        return _new(request, visit, Form(posted.typed, errors), 422)
    try:
        with visit.archive.work(visit.actor) as work:
            placed = place_hold(work, _order(work, posted))
    except IN_FORM as error:
        at = {"date-ahead": "on", "unknown-dossier": "dossier"}.get(error.name, "")
        return _new(request, visit, form_after(posted, error, visit.language, at), 422)
    left, late = placed.withdrawn, placed.too_late
    key = "hold.placed_late" if late else "hold.placed_lists" if left else "hold.placed"
    fields = {"order": placed.hold.order_number, "n": len(left), "late": len(late)}
    fields["lists"] = ", ".join(sorted({each.list_number for each in (*left, *late)}))
    return redirect(f"/holds/{placed.hold.id}", Flash(key, "turn" if late else "good", **fields))


def _errors(posted: Posted, t: Sentences) -> dict[str, str]:
    errors = {name: t(f"hold.needs_{name}") for name in ("number", "reason") if not posted.text(name)}
    for name in ("on", "review_on"):
        if posted.text(name) or name == "on":
            try:
                typed_date(posted.text(name))
            except NotReadable:
                errors[name] = t("hold.needs_date")
    return errors


def _order(work: Work, posted: Posted) -> HoldOrder:
    code = posted.text("dossier")
    dossier_id = _dossier(work, code) if code else None
    return HoldOrder(
        number=posted.text("number"),
        on=typed_date(posted.text("on")).earliest,
        reason=posted.text("reason"),
        dossier_id=dossier_id,
        unit_id=UUID(posted.text("unit")) if posted.text("unit") else None,
        fonds_id=UUID(posted.text("fonds")) if posted.text("fonds") else None,
        title_words=posted.text("words"),
        review_on=_optional_date(posted.text("review_on")),
    )


def _dossier(work: Work, code: str) -> UUID:
    """One that lies outside this person's reach is told as one that does not exist."""
    scope = work.allow(Permission.place_holds)
    for dossier in work.session.scalars(select(Dossier).where(Dossier.code == code)):
        if scope.holds(dossier.unit_id, dossier.fonds_id):
            return dossier.id
    raise NotPossible(
        f"Không có hồ sơ mã {code}.", f"There is no dossier with the code {code}.", name="unknown-dossier"
    )


def _optional_date(text: str) -> date | None:
    return typed_date(text).earliest if text else None
