"""`/incidents/{id}/file`: cause, remedy, reports with their clock, minutes and the time line."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from fastapi import Request, Response

from archive_service.api.downloads import attachment
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.incident_words import kind_words
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.work import Work
from preservation.incidents.alike import alike, describe_alike, report_alike
from preservation.incidents.audit_papers import list_audit_papers, read_audit_paper
from preservation.incidents.files import (
    Description,
    ReportDue,
    describe_incident,
    report_incident,
    reports_due,
    time_line,
)
from preservation.incidents.minutes import make_minutes, number_of
from preservation.incidents.register import visible_incident, wait_for_person
from preservation.watch_models import UNSETTLED, Incident, ReportOutcome

router = page_router()
Forms = tuple[Form, Form, Form]
"""Of the description, the report and the question: what failed is shown again in its own."""


def verb_words(t: Sentences) -> dict[str, str]:
    return {each.value: t(f"verb.{each.value}") for each in Verb}


@router.get("/incidents/{incident_id}/file")
def incident_file(request: Request, visit: TheVisit, incident_id: UUID) -> Response:
    return _show(request, visit, incident_id, (Form(), Form(), Form()))


def _show(request: Request, visit: Visit, incident_id: UUID, forms: Forms, status: int = 200) -> Response:
    t = sentences(request)
    words = verb_words(t)
    with visit.archive.look(visit.actor) as work:
        found = visible_incident(work, incident_id)
        due = reports_due(work, found)
        events = [(each.at, words.get(each.verb, each.verb)) for each in time_line(work, found)]
        papers = list_audit_papers(work, incident_id=incident_id)
        handles = work.actor.may(Permission.handle_incidents)
        others = len(alike(work, incident_id)) if handles else 0
    describing, reporting, asking = forms
    crumbs = [(t("incident.title"), "/incidents"), (kind_words(found.kind, t), f"/incidents/{incident_id}")]
    wrong = any(form.errors or form.wrong for form in forms)
    page = Page(t("incident_file.title"), "", [*crumbs, (t("incident_file.title"), "")], "/incidents", wrong)
    here = f"/incidents/{incident_id}"
    return render(
        request,
        "incident_file.html",
        page,
        status,
        incident=found,
        number_of=number_of(found),
        due=due,
        untold=[(each.rule.id, _rule_words(each, t)) for each in due if each.report is None],
        events=events,
        papers=papers,
        handles=handles,
        unsettled=found.state in UNSETTLED,
        others=others,
        form=describing if describing.values else _as_written(found),
        report_form=reporting,
        ask_form=asking,
        describe_act=act(request, f"{here}/file"),
        report_act=act(request, f"{here}/report"),
        ask_act=act(request, f"{here}/waiting"),
        minutes_act=act(request, f"{here}/minutes"),
    )


def _as_written(found: Incident) -> Form:
    return Form({name: getattr(found, name) for name in ("cause", "remedy", "affected", "evidence")})


def _rule_words(due: ReportDue, t: Sentences) -> str:
    return f"{due.rule.clause}: {due.recipient or t('incident_file.to_' + due.rule.to)}"


def _do(
    request: Request,
    visit: Visit,
    incident_id: UUID,
    posted: Posted,
    place: int,
    do: Callable[[Work], None],
    done: str,
    do_alike: Callable[[Work], int] = lambda _: 0,
) -> Response:
    """Runs the act, for all alike where that is asked for; the page again when the person can mend it."""
    try:
        with visit.archive.work(visit.actor) as work:
            do(work)
            others = do_alike(work) if posted.text("alike") else 0
    except IN_FORM as error:
        forms = [Form(), Form(), Form()]
        forms[place] = form_after(posted, error, visit.language)
        return _show(request, visit, incident_id, (forms[0], forms[1], forms[2]), 422)
    flash = Flash("incident_file.done_alike", n=others) if others else Flash(done)
    return redirect(f"/incidents/{incident_id}/file", flash)


@router.post("/incidents/{incident_id}/file")
def describe(request: Request, visit: TheVisit, incident_id: UUID, posted: ThePosted) -> Response:
    names = ("cause", "remedy", "affected", "evidence")
    written = Description(*(posted.text(name) for name in names))
    return _do(
        request,
        visit,
        incident_id,
        posted,
        0,
        lambda work: describe_incident(work, incident_id, written),
        "incident_file.described",
        lambda work: describe_alike(work, incident_id, written),
    )


@router.post("/incidents/{incident_id}/report")
def report(request: Request, visit: TheVisit, incident_id: UUID, posted: ThePosted) -> Response:
    outcome = ReportOutcome.not_needed if posted.text("outcome") == "not_needed" else ReportOutcome.sent
    rule, recipient, reference = (posted.text(name) for name in ("rule", "recipient", "reference"))
    return _do(
        request,
        visit,
        incident_id,
        posted,
        1,
        lambda work: report_incident(work, incident_id, rule, outcome, recipient, reference),
        "incident_file.reported",
        lambda work: report_alike(work, incident_id, rule, outcome, recipient, reference),
    )


@router.post("/incidents/{incident_id}/waiting")
def ask(request: Request, visit: TheVisit, incident_id: UUID, posted: ThePosted) -> Response:
    question = posted.text("question")
    return _do(
        request,
        visit,
        incident_id,
        posted,
        2,
        lambda work: wait_for_person(work, incident_id, question),
        "incident_file.asked",
    )


@router.post("/incidents/{incident_id}/minutes")
def minutes(request: Request, visit: TheVisit, incident_id: UUID) -> Response:
    """Minutes are Vietnamese, whatever the reader's language."""
    t = Sentences("vi")
    with visit.archive.look(visit.actor) as work:
        kind = visible_incident(work, incident_id, Permission.handle_incidents).kind
    paper = make_minutes(visit.archive, visit.actor, incident_id, kind_words(kind, t), verb_words(t))
    return redirect(f"/incidents/{incident_id}/file", Flash("incident_file.minutes_made", name=paper.name))


@router.get("/audit-papers/{paper_id}")
def audit_paper(visit: TheVisit, paper_id: UUID) -> Response:
    found, content = read_audit_paper(visit.archive, visit.actor, paper_id)
    return Response(content, media_type="application/octet-stream", headers=attachment(found.name))
