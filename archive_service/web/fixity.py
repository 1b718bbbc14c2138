"""`/fixity` (W7): is every copy right, and is the audit itself alive? Plain numbers, each with its moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.kernel.permissions import Permission
from archive_service.web.backups import backups
from archive_service.web.charts import Bars, Lines
from archive_service.web.exports import export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.incident_words import stops_words
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Listing, Window, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.texts import day_text, share, vietnam, when_text
from archive_service.work import Work
from preservation.audits.coverage import Coverage, RootCoverage, ages, coverage
from preservation.audits.liveness import last_sign
from preservation.audits.self_repair import damaged_copies, left_today, let_repairs_go
from preservation.audits.trend import Alarm, Night, alarm, nights, round_ends
from preservation.models import CopyState
from preservation.watch_models import AuditRun

router = page_router()
RUNS = 30
DIGITS = 9
SOUND = (CopyState.verified, CopyState.not_checked, CopyState.owed)

ROOTS = (
    Column("root", "fixity.root", sheet=lambda row: row.root.id),
    Column("place", "copies.place", sheet=lambda row: row.root.failure_domain),
    Column("copies", "fixity.copies", numeric=True, sheet=lambda row: row.copies),
    Column("checked", "fixity.checked", numeric=True, sheet=lambda row: row.checked),
    Column("changed", "fixity.changed", numeric=True, sheet=lambda row: count(row, CopyState.changed)),
    Column("missing", "fixity.missing", numeric=True, sheet=lambda row: count(row, CopyState.missing)),
    Column("extra", "fixity.extra", numeric=True, sheet=lambda row: count(row, CopyState.extra)),
    Column(
        "unreadable", "fixity.unreadable", numeric=True, sheet=lambda row: count(row, CopyState.unreadable)
    ),
    Column("owed", "fixity.owed", numeric=True, sheet=lambda row: count(row, CopyState.owed)),
    Column("state", "fixity.state", sheet=lambda row: label("root", row.root.state)),
)


def count(row: RootCoverage, state: CopyState) -> int:
    return row.states.get(state, 0)


@router.get("/fixity")
def fixity(request: Request, visit: TheVisit) -> Response:
    return _show(request, visit, visit.form())


def _show(request: Request, visit: Visit, form: Form, status: int = 200) -> Response:
    t, asked = sentences(request), ask(request, "roots", ROOTS, (), sort="")
    with visit.archive.look(visit.actor) as work:
        found = coverage(work)
        runs, heard, gone_by, read = _runs(work), alarm(work), nights(work), ages(found)
        ends, silent, saved = round_ends(work, found), _silent(work, found), backups(work, t)
        damaged = damaged_copies(work) if work.actor.may(Permission.handle_incidents) else 0
        waiting = damaged if damaged > left_today(work) else 0
        hours, required = work.settings.fixity_silent_hours, work.settings.required_copies
    if asked.wants_sheet:
        return export(request, visit, asked, t("fixity.title"), found.roots)
    empty = Empty("nothing_yet", t("fixity.no_root"))
    return render(
        request,
        "fixity.html",
        Page(t("fixity.title"), here="/fixity", failed=bool(form.errors or form.wrong)),
        status,
        found=found,
        stopped=stops_words(found.last_run.stopped, t) if found.last_run and found.last_run.stopped else "",
        silent=t("fixity.silent", hours=hours) if silent else "",
        saved=saved,
        heard=heard,
        facts=_facts(found, heard, ends, t),
        places=_places(found.roots),
        required=required,
        counted=len({row.root.failure_domain for row in found.roots if row.root.role != "offline"}),
        held=lambda row: _held(row, t),
        waiting=waiting,
        form=form,
        repair_act=act(request, "/fixity/repairs"),
        listing=Listing(asked, t("fixity.roots"), Window(found.roots), empty),
        count=count,
        states=CopyState,
        lost=sum(count(row, CopyState.lost) for row in found.roots),
        chart=_chart(runs, t) if len(runs) > 1 else None,
        trend=_trend(gone_by, t) if len(gone_by) > 1 else None,
        ages=_ages(read, t) if found.copies else None,
    )


@router.post("/fixity/repairs")
def repairs(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    """A person has seen what damaged so many copies, and lets them be made good."""
    typed = posted.text("count").replace(".", "")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < DIGITS else 0
    try:
        with visit.archive.work(visit.actor) as work:
            let_repairs_go(work, count)
    except IN_FORM as error:
        return _show(request, visit, form_after(posted, error, visit.language, "count"), 422)
    return redirect("/fixity", Flash("fixity.repairs_let_go", n=count))


def _places(roots: Sequence[RootCoverage]) -> dict[str, list[RootCoverage]]:
    """The map: what burns or drowns together stands together."""
    found: dict[str, list[RootCoverage]] = {}
    for row in roots:
        found.setdefault(row.root.failure_domain, []).append(row)
    return dict(sorted(found.items()))


def _held(row: RootCoverage, t: Sentences) -> str:
    bad = sum(count(row, state) for state in CopyState if state not in SOUND)
    words = t("fixity.map_held", share=share(row.checked, row.copies, t.language))
    if bad:
        words += t("fixity.map_bad", n=bad)
    if owed := count(row, CopyState.owed):
        words += t("fixity.map_owed", n=owed)
    return words


def _silent(work: Work, found: Coverage) -> bool:
    """Whether no audit has finished for too long, though there is what to check."""
    last = last_sign(work)
    limit = timedelta(hours=work.settings.fixity_silent_hours)
    return found.copies > 0 and (last is None or work.now() - last > limit)


def _alarm_words(heard: Alarm | None, t: Sentences) -> str:
    if heard is None:
        return t("fixity.alarm_never")
    return t("fixity.alarm_heard", reported=heard.reported, known=heard.known, at=when_text(heard.at))


def _facts(
    found: Coverage, heard: Alarm | None, ends: datetime | None, t: Sentences
) -> list[tuple[str, str]]:
    run = found.last_run
    last = (
        t("fixity.run_done", at=when_text(run.finished_at), checked=run.checked, faults=run.faults)
        if run and run.finished_at
        else t("fixity.run_never")
    )
    quick = found.last_quick
    looked = (
        t("fixity.quick_done", at=when_text(quick.finished_at), checked=quick.checked, faults=quick.faults)
        if quick and quick.finished_at
        else t("fixity.run_never")
    )
    covered = share(found.checked, found.copies, t.language)
    counted = t("fixity.counted_at", at=when_text(found.counted_at)) if found.counted_at else ""
    following = t("fixity.run_next", at=when_text(found.next_run)) if found.next_run else ""
    return [
        (t("fixity.covered", days=found.days), f"{covered} {counted}".strip()),
        (t("fixity.oldest"), when_text(found.oldest) if found.oldest else t("copies.never")),
        (t("fixity.alarm"), _alarm_words(heard, t)),
        (t("fixity.last_run"), f"{last} {following}".strip()),
        (t("fixity.quick"), looked),
        (t("fixity.round_ends"), day_text(vietnam(ends).date()) if ends else t("fixity.round_unknown")),
        (t("fixity.owed_copies"), t("fixity.owed_count", n=found.owed)),
    ]


def _runs(work: Work) -> Sequence[AuditRun]:
    """The newest runs, oldest first, for the plot."""
    query = select(AuditRun).where(AuditRun.kind == "fixity", AuditRun.finished_at.is_not(None))
    newest = work.session.scalars(query.order_by(AuditRun.id.desc()).limit(RUNS)).all()
    return list(reversed(newest))


def _chart(runs: Sequence[AuditRun], t: Sentences) -> Lines:
    return Lines(
        t("fixity.chart"),
        t("fixity.chart_about", n=len(runs)),
        t("fixity.copies_unit"),
        [when_text(run.started_at) for run in runs],
        [
            (t("fixity.checked"), [run.checked for run in runs]),
            (t("fixity.faults"), [run.faults for run in runs]),
        ],
    )


def _trend(gone_by: Sequence[Night], t: Sentences) -> Lines:
    return Lines(
        t("fixity.trend"),
        t("fixity.trend_about", n=len(gone_by)),
        t("fixity.copies_unit"),
        [day_text(date.fromisoformat(night.day)) for night in gone_by],
        [
            (t("fixity.copies_kept"), [night.copies for night in gone_by]),
            (t("fixity.checked"), [night.checked for night in gone_by]),
            (t("fixity.bad"), [night.bad for night in gone_by]),
            (t("fixity.owed"), [night.owed for night in gone_by]),
        ],
    )


def _ages(read: Sequence[tuple[int, int]], t: Sentences) -> Bars:
    points = [
        (t("fixity.age_within", days=days) if days else t("fixity.age_beyond"), count) for days, count in read
    ]
    return Bars(t("fixity.ages"), t("fixity.ages_about"), t("fixity.copies_unit"), points)
