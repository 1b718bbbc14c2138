"""Decisions on one submission: accept, return, refuse. Each is a page that says what happens, then one act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.errors import ArchiveError, Conflict
from archive_service.kernel.findings import Severity
from archive_service.kernel.permissions import Permission
from archive_service.regulations import Rules
from archive_service.web.findings import grouped, shown_finding
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.inbox import HERE, sender
from archive_service.web.labels import label
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.shown import ShownFinding
from archive_service.web.texts import shorten, size
from archive_service.work import Work
from ingest.accept import LONGEST_REASON, accept_sip, refuse_sip, return_sip, visible_sip
from ingest.examined import findings_of
from ingest.models import Sip, SipFinding, SipState
from preservation.models import AccessMode

router = page_router()
ACTS: dict[str, Callable[..., None]] = {"return": return_sip, "refuse": refuse_sip}


@router.get("/sips/{sip_id}/accept")
def ask_accept(request: Request, visit: TheVisit, sip_id: UUID) -> Response:
    return _accept_page(request, visit, sip_id, visit.form())


@router.post("/sips/{sip_id}/accept")
def accept(request: Request, visit: TheVisit, posted: ThePosted, sip_id: UUID) -> Response:
    seen = [int(number) for group in posted.every("seen") for number in group.split(",") if number.isdigit()]
    access = posted.text("access")
    mode = AccessMode(access) if access in set(AccessMode) else None
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            accept_sip(work, sip_id, seen=seen, access=mode, version=posted.version)
            code = _code(visible_sip(work, sip_id))
    except IN_FORM as error:
        return _accept_page(request, visit, sip_id, _after(request, posted, error, "accept"), set(seen))
    return redirect(HERE, Flash("decide.accepted", code=code))


@router.get("/sips/{sip_id}/return")
def ask_return(request: Request, visit: TheVisit, sip_id: UUID) -> Response:
    return _back_page(request, visit, sip_id, "return", visit.form())


@router.post("/sips/{sip_id}/return")
def send_back(request: Request, visit: TheVisit, posted: ThePosted, sip_id: UUID) -> Response:
    return _send_back(request, visit, posted, sip_id, "return", "decide.returned")


@router.get("/sips/{sip_id}/refuse")
def ask_refuse(request: Request, visit: TheVisit, sip_id: UUID) -> Response:
    return _back_page(request, visit, sip_id, "refuse", visit.form())


@router.post("/sips/{sip_id}/refuse")
def refuse(request: Request, visit: TheVisit, posted: ThePosted, sip_id: UUID) -> Response:
    return _send_back(request, visit, posted, sip_id, "refuse", "decide.refused")


def _send_back(
    request: Request, visit: Visit, posted: Posted, sip_id: UUID, name: str, flash: str
) -> Response:
    reason, answers_for = posted.text("reason"), posted.text("answers_for")
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            ACTS[name](work, sip_id, reason=reason, answers_for=answers_for, version=posted.version)
            code = _code(visible_sip(work, sip_id))
    except IN_FORM as error:
        return _back_page(request, visit, sip_id, name, _after(request, posted, error, name, "reason"))
    return redirect(HERE, Flash(flash, code=code))


def _after(request: Request, posted: Posted, error: ArchiveError, name: str, at: str = "") -> Form:
    form = form_after(posted, error, sentences(request).language, at)
    return replace(form, wrong=sentences(request)(f"decide.{name}_wrong")) if form.errors else form


def _code(sip: Sip) -> str:
    return sip.dossier_code or sip.container_name


def _decidable(work: Work, sip_id: UUID) -> tuple[Sip, list[SipFinding]]:
    """Raises `Missing`, `Forbidden`, or `Conflict` with who was faster: there is nothing left to decide."""
    sip = visible_sip(work, sip_id)
    work.allow_on(Permission.decide_sips, sip.unit_id, sip.fonds_id)
    if sip.state is not SipState.awaiting_decision:
        vi, en = label("sip", sip.state.value).vi, label("sip", sip.state.value).en
        by = f", {sip.decider.name}" if sip.decider else ""
        raise Conflict(
            f"Gói này không còn chờ quyết định: {vi}{by}.",
            f"This package awaits no decision any more: {en}{by}.",
        )
    return sip, list(findings_of(work, sip_id))


def _page(t: Any, sip: Sip, title: str, form: Form) -> Page:
    crumbs = [(t("sip.crumb"), HERE), (_code(sip), f"/sips/{sip.id}")]
    return Page(title, shorten(sip.title, 200), crumbs=crumbs, here=HERE, failed=_failed(form))


def _failed(form: Form) -> bool:
    return bool(form.errors or form.wrong)


def _accept_page(
    request: Request, visit: Visit, sip_id: UUID, form: Form, seen: set[int] | None = None
) -> Response:
    t, rules = sentences(request), visit.archive.rules
    with visit.archive.look(visit.actor) as work:
        sip, findings = _decidable(work, sip_id)
    if sip.errors:
        raise Conflict(
            "Gói có lỗi phải sửa nên chưa tiếp nhận được. Đề nghị trả lại có lý do.",
            "The package has errors and cannot be accepted. Return it with a reason.",
        )
    warnings = folded_warnings(findings, rules, visit.language)
    content = t(
        "decide.accept_what",
        documents=sip.document_count,
        files=sip.file_count,
        size=size(sip.byte_count, visit.language),
        copies=visit.archive.settings.required_copies,
    )
    return render(
        request,
        "sips/accept.html",
        _page(t, sip, t("decide.accept_title", code=_code(sip)), form),
        422 if _failed(form) else 200,
        form=form,
        act=act(request, f"/sips/{sip.id}/accept", sip.row_version),
        sip=sip,
        content=content,
        warnings=warnings,
        seen=seen or set(),
        modes=access_choices(sip, rules, visit.language),
        password=_asks_password(visit, form),
    )


def folded_warnings(
    findings: list[SipFinding], rules: Rules, language: str
) -> list[tuple[list[int], ShownFinding]]:
    """One box to tick a code: its findings' numbers and the first of them in words."""
    codes: dict[str, list[SipFinding]] = {}
    for row in findings:
        if row.severity is Severity.warning:
            codes.setdefault(row.code, []).append(row)
    return [
        ([row.number for row in rows], shown_finding(rows[0], rules, language)) for rows in codes.values()
    ]


def _asks_password(visit: Visit, form: Form) -> bool:
    return visit.password_is_old or "password" in form.errors


def access_choices(sip: Sip, rules: Rules, language: str) -> list[tuple[str, str]]:
    """The modes to choose from when the dossier or one of its documents does not declare a known one; else none."""
    tags = sip.description.get("tags", {}).get("Rights")
    documents = [each["tags"].get("Mode") for each in sip.description.get("documents", [])]
    if all(rules.access_known(raw) for raw in [tags, *documents]):
        return []
    order = (AccessMode.closed, AccessMode.conditional, AccessMode.public)
    return [(mode.value, label("access", mode.value).words(language)) for mode in order]


def _back_page(request: Request, visit: Visit, sip_id: UUID, name: str, form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        sip, findings = _decidable(work, sip_id)
    if not form.values and not _failed(form):
        form = Form({"reason": prepared_reason(findings, visit, t("decide.reason_prepared", n=sip.errors))})
    return render(
        request,
        "sips/send_back.html",
        _page(t, sip, t(f"decide.{name}_title", sender=sender(sip)), form),
        422 if _failed(form) else 200,
        form=form,
        act=act(request, f"/sips/{sip.id}/{name}", sip.row_version),
        sip=sip,
        name=name,
        groups=grouped(findings, visit.archive.rules, visit.language),
        password=_asks_password(visit, form),
    )


def prepared_reason(findings: list[SipFinding], visit: Visit, begin: str) -> str:
    """The errors in words, ready to be sent as they are; empty when there is none."""
    errors = [row for row in findings if row.severity is Severity.error]
    lines = dict.fromkeys(shown_finding(row, visit.archive.rules, "vi").sentence for row in errors)
    return shorten("\n".join([begin, *(f"- {line}" for line in lines)]), LONGEST_REASON) if lines else ""
