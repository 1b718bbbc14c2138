"""`/fixity` (W7): is every copy right, and is the audit itself alive? Plain numbers, each with its moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.web.backups import backups
from archive_service.web.charts import Lines
from archive_service.web.exports import export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Listing, Window, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, page_router
from archive_service.web.texts import share, when_text
from archive_service.work import Work
from preservation.coverage import Coverage, RootCoverage, coverage
from preservation.models import AuditRun, CopyState

router = page_router()
SILENT_AFTER = timedelta(hours=36)
RUNS = 30

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
    t, asked = sentences(request), ask(request, "roots", ROOTS, (), sort="")
    with visit.archive.look(visit.actor) as work:
        found = coverage(work)
        runs = _runs(work)
        saved = backups(work, t)
        now = work.now()
    if asked.wants_sheet:
        return export(request, visit, asked, t("fixity.title"), found.roots)
    empty = Empty("nothing_yet", t("fixity.no_root"))
    return render(
        request,
        "fixity.html",
        Page(t("fixity.title"), here="/fixity"),
        found=found,
        silent=_silent(found, now),
        saved=saved,
        facts=_facts(found, t),
        listing=Listing(asked, t("fixity.roots"), Window(found.roots), empty),
        count=count,
        states=CopyState,
        lost=sum(count(row, CopyState.lost) for row in found.roots),
        chart=_chart(runs, t) if len(runs) > 1 else None,
    )


def _silent(found: Coverage, now: datetime) -> bool:
    """Whether the alarm itself seems dead: no run has finished for a day and a half, though there is what to check."""
    last = found.last_run.finished_at if found.last_run else found.oldest
    return found.copies > 0 and (last is None or now - last > SILENT_AFTER)


def _facts(found: Coverage, t: Sentences) -> list[tuple[str, str]]:
    run = found.last_run
    last = (
        t("fixity.run_done", at=when_text(run.finished_at), checked=run.checked, faults=run.faults)
        if run and run.finished_at
        else t("fixity.run_never")
    )
    following = t("fixity.run_next", at=when_text(found.next_run)) if found.next_run else ""
    return [
        (t("fixity.covered", days=found.days), share(found.checked, found.copies, t.language)),
        (t("fixity.oldest"), when_text(found.oldest) if found.oldest else t("copies.never")),
        (t("fixity.last_run"), f"{last} {following}".strip()),
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
