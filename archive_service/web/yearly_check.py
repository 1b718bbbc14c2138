"""`/fixity/yearly-check`: the auditor makes the minutes of a year and the list of faulty files; both are kept."""

from __future__ import annotations

from dataclasses import astuple

from fastapi import Request, Response

from archive_service.kernel.permissions import Permission
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.incident_words import kind_words
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.xlsx import workbook
from preservation.audits.yearly_check import FAULTY, YEARLY, CheckFacts, check_of_year, draw_check
from preservation.incidents.audit_papers import enter_paper, keep_bytes, list_audit_papers

router = page_router()
HEADS = ("STT", "Hồ sơ", "Phương tiện", "Đường dẫn", "Sự cố", "Phát hiện lúc", "Tình trạng")


@router.get("/fixity/yearly-check")
def yearly_check(request: Request, visit: TheVisit) -> Response:
    return _show(request, visit, visit.form())


def _show(request: Request, visit: Visit, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.see_fixity)
        papers = [*list_audit_papers(work, kind=YEARLY), *list_audit_papers(work, kind=FAULTY)]
        handles = work.actor.may(Permission.handle_incidents)
    crumbs = [(t("fixity.title"), "/fixity"), (t("yearly.title"), "")]
    page = Page(t("yearly.title"), "", crumbs, "/fixity", bool(form.errors or form.wrong))
    make_act = act(request, "/fixity/yearly-check")
    values = {"papers": papers, "handles": handles, "form": form, "make_act": make_act}
    return render(request, "yearly_check.html", page, status, **values)


@router.post("/fixity/yearly-check")
def make(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    typed, t = posted.text("year"), Sentences("vi")
    year = int(typed) if len(typed) == 4 and typed.isascii() and typed.isdigit() else 0
    kinds = {key.partition(".")[2]: t(key) for key in t.table if key.startswith("incident_kind.")}
    kinds |= {key.replace("_", "-"): kind_words(key.replace("_", "-"), t) for key in kinds}
    try:
        facts = check_of_year(visit.archive, visit.actor, year, kinds)
    except IN_FORM as error:
        return _show(request, visit, form_after(posted, error, visit.language, "year"), 422)
    with visit.archive.look(visit.actor) as work:
        at = work.now().replace(microsecond=0)
    papers = (
        (YEARLY, f"bien-ban-kiem-tra-{year}.pdf", keep_bytes(visit.archive, draw_check(facts, at))),
        (FAULTY, f"danh-sach-tep-loi-{year}.xlsx", keep_bytes(visit.archive, faulty_sheet(facts))),
    )
    with visit.archive.work(visit.actor) as work:
        work.allow(Permission.handle_incidents)
        for kind, name, kept in papers:
            enter_paper(work, kind, name, kept, year=year)
    return redirect("/fixity/yearly-check", Flash("yearly.made", year=str(year)))


def faulty_sheet(facts: CheckFacts) -> bytes:
    rows = ((number, *astuple(each)) for number, each in enumerate(facts.faulty, 1))
    origin = (
        ("Cơ quan", facts.agency),
        ("Năm", str(facts.year)),
        ("Lập lúc", facts.made_at),
        ("Người lập", facts.by),
    )
    return workbook(f"Tệp lỗi {facts.year}", HEADS, rows, origin)
