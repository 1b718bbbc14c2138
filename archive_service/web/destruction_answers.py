"""Re-appraisal: an answer for chosen entries with one reason, then the list goes on to the head."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from archive_service.kernel.errors import Conflict
from archive_service.kernel.permissions import Permission
from archive_service.web.destruction_view import OpenList, in_numbers, list_page, open_list
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, redirect, render, sentences
from archive_service.web.labels import label
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.typed import NotReadable, typed_date
from archive_service.work import Work
from preservation.models import Dossier
from retention.destruction.four_eyes import refuse_second_part
from retention.destruction.review import REVIEWERS_ANSWERS, answer_entries, send_on
from retention.destruction.turns import unanswered
from retention.models import Answer, DestructionEntry, DestructionList, ListState

router = page_router()
MOST_NAMED = 50


def changed_meanwhile() -> Conflict:
    return Conflict(
        "Danh mục đã thay đổi từ lúc Ông/Bà xem. Chưa thực hiện gì; đề nghị xem lại danh mục.",
        "The list changed since you looked at it. Nothing was done; look at it again.",
        name="list-changed",
    )


@router.get("/destruction/{list_id}/answers")
def answer_form(
    request: Request,
    visit: TheVisit,
    list_id: UUID,
    id: Annotated[list[UUID] | None, Query()] = None,
    all: str = "",
) -> Response:
    return _answer(request, visit, list_id, id or [], all == "unanswered", visit.form())


def _answer(
    request: Request,
    visit: Visit,
    list_id: UUID,
    chosen: Sequence[UUID],
    everything: bool,
    form: Form,
    status: int = 200,
) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        opened = _reviewing(work, list_id)
        ids = unanswered(work, opened.listed) if everything else list(chosen)
        dossiers = _dossiers(work, list_id, ids[:MOST_NAMED])
    answers = [(a.value, label("entry", a.value).words(visit.language)) for a in REVIEWERS_ANSWERS]
    page = list_page(opened, t, t("answer.title", n=len(ids)), form=form)
    return render(
        request,
        "destruction_answers.html",
        page,
        status,
        opened=opened,
        ids=[] if everything else ids,
        everything=everything,
        count=len(ids),
        dossiers=dossiers,
        answers=answers,
        form=form,
        ask_password=visit.password_is_old,
        act=act(request, f"/destruction/{list_id}/answers"),
    )


def _reviewing(work: Work, list_id: UUID) -> OpenList:
    """Raises `Forbidden` with the names of who may, for whoever had another part in the list."""
    work.allow(Permission.review_destruction)
    opened = open_list(work, list_id)
    refuse_second_part(work, opened.listed, Permission.review_destruction)
    if opened.listed.state is not ListState.reviewing:
        raise changed_meanwhile()
    return opened


def _dossiers(work: Work, list_id: UUID, ids: Sequence[UUID]) -> list[Dossier]:
    entries = [work.session.get(DestructionEntry, each) for each in ids]
    own = [each.dossier_id for each in entries if each is not None and each.list_id == list_id]
    return [work.session.get_one(Dossier, each) for each in own]


@router.post("/destruction/{list_id}/answers")
def answer(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    t = sentences(request)
    everything = posted.text("all") == "unanswered"
    ids = _ids(posted)
    given = posted.text("answer")
    errors = _errors(posted, ids, everything, t)
    if errors:
        return _answer(request, visit, list_id, ids, everything, Form(posted.typed, errors), 422)
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            if everything:
                ids = unanswered(work, work.get(DestructionList, list_id))
            answered = answer_entries(
                work,
                list_id,
                ids,
                Answer(given),
                reason=posted.text("reason"),
                extend_to=_extend_to(posted) if given == Answer.extend else None,
            )
    except IN_FORM as error:
        at = {"field-missing": "reason", "extension-too-short": "extend_to"}.get(error.name, "")
        form = form_after(posted, error, visit.language, at)
        return _answer(request, visit, list_id, ids, everything, form, 422)
    words = label("entry", given).words(visit.language)
    return redirect(f"/destruction/{list_id}", Flash("answer.done", n=answered, answer=words))


def _ids(posted: Posted) -> list[UUID]:
    found = []
    for text in posted.every("id"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _errors(posted: Posted, ids: Sequence[UUID], everything: bool, t: Sentences) -> dict[str, str]:
    errors = {}
    if not ids and not everything:
        errors["answer"] = t("answer.needs_entries")
    elif posted.text("answer") not in {each.value for each in REVIEWERS_ANSWERS}:
        errors["answer"] = t("answer.needs_answer")
    elif posted.text("answer") == Answer.extend and _extend_to(posted) is None:
        errors["extend_to"] = t("hold.needs_date")
    return errors


def _extend_to(posted: Posted) -> date | None:
    try:
        return typed_date(posted.text("extend_to")).earliest
    except NotReadable:
        return None


@router.get("/destruction/{list_id}/send-on")
def send_on_form(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    return _send_on(request, visit, list_id, visit.form())


def _send_on(request: Request, visit: Visit, list_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        opened = _reviewing(work, list_id)
    page = list_page(opened, t, t("send_on.title", number=opened.listed.number), in_numbers(opened, t), form)
    return render(
        request,
        "destruction_send_on.html",
        page,
        status,
        opened=opened,
        unanswered=opened.count(Answer.unanswered),
        destroy=opened.count(Answer.destroy),
        form=form,
        ask_password=visit.password_is_old,
        act=act(request, f"/destruction/{list_id}/send-on", opened.version),
    )


@router.post("/destruction/{list_id}/send-on")
def send_it_on(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            if open_list(work, list_id).version != posted.version:
                raise changed_meanwhile()
            listed = send_on(work, list_id)
    except IN_FORM as error:
        return _send_on(request, visit, list_id, form_after(posted, error, visit.language), 422)
    declined = listed.state is ListState.declined
    return redirect(
        f"/destruction/{list_id}",
        Flash("send_on.nothing" if declined else "send_on.done", number=listed.number),
    )
