"""`/jobs`, `/health`, `/settings`: what is stuck, away, set to what. No title and no content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from archive_service import upkeep
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.permissions import Permission
from archive_service.kernel.settings import Root, Settings
from archive_service.web.exports import export
from archive_service.web.forms import act
from archive_service.web.frame import Flash, Page, Site, redirect, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Filter, Listing, Window, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, page_router

router = page_router()
JOB_COLUMNS = (
    Column("kind", "jobs.kind", sheet=lambda job: lambda t: kind_words(t, job.kind)),
    Column("state", "jobs.state", sheet=lambda job: label("job", job.state.value)),
    Column("since", "jobs.since", sheet=lambda job: job.created_at),
    Column("attempts", "jobs.attempts", numeric=True, sheet=lambda job: job.attempts),
    Column("next", "jobs.next", sheet=lambda job: job.run_after),
    Column("incident", "jobs.incident", sheet=lambda job: job.incident),
)
SHOWN = 200


@router.get("/jobs")
def show_jobs(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    states = [(state.value, label("job", state.value).words(visit.language)) for state in JobState]
    asked = ask(request, "jobs", JOB_COLUMNS, (Filter("state", "jobs.state", "choice", states),), sort="")
    chosen = asked.values["state"]
    state = JobState(chosen) if chosen in set(JobState) else None
    with visit.archive.look(visit.actor) as work:
        jobs = upkeep.list_jobs(work, state, SHOWN)
        counts, tables = upkeep.count_jobs(work), upkeep.timetables(work)
    if asked.wants_sheet:
        return export(request, visit, asked, t("navigation.jobs"), jobs)
    empty = Empty("no_match", t("jobs.no_match")) if state else Empty("all_done", t("jobs.all_done"))
    listing = Listing(asked, t("jobs.caption"), Window(jobs), empty)
    stuck = counts[JobState.stuck]
    summary = t("jobs.summary", running=counts[JobState.running], waiting=counts[JobState.queued])
    page = Page(t("jobs.title", stuck=stuck, retrying=counts[JobState.retrying]), summary, here="/jobs")
    return render(
        request,
        "running/jobs.html",
        page,
        listing=listing,
        cut=len(jobs) == SHOWN,
        kind_words=lambda job: kind_words(t, job.kind),
        holds_up=lambda job: holds_up(t, job),
        again=lambda job: act(request, f"/jobs/{job.id}/again"),
        tables=[(kind_words(t, each.kind), each.next_at, each.every_seconds) for each in tables],
    )


@router.post("/jobs/{job_id}/again")
def run_again(request: Request, visit: TheVisit, posted: ThePosted, job_id: UUID) -> Response:
    with visit.archive.work(visit.actor) as work:
        upkeep.run_again(work, job_id)
    return redirect("/jobs", Flash("jobs.again_done"))


def kind_words(t: Sentences, kind: str) -> str:
    """What a job does, in words; a kind that has none yet is shown by its name."""
    key = f"jobs.kind_{kind}"
    return t(key) if key in t.table else kind


def holds_up(t: Sentences, job: Job) -> str:
    """What waits because of it."""
    key = f"jobs.holds_{job.kind}"
    return t(key) if key in t.table else t("jobs.holds_nothing")


@router.get("/health")
def show_health(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        found = upkeep.services(visit.archive, work)
        counts = upkeep.count_jobs(work)
    away = sum(service.state in ("away", "stopped") for service in found)
    stuck = counts[JobState.stuck]
    good = not away and not stuck
    title = t("health.title_good") if good else t("health.title", away=away, stuck=stuck)
    return render(
        request,
        "running/health.html",
        Page(title, here="/health"),
        services=found,
        where=lambda service: place_words(t, request.app.state.site, service.detail),
        good=good,
        stuck=stuck,
        checked=visit.archive.clock.now(),
    )


def place_words(t: Sentences, site: Site, detail: str) -> str:
    """Where a service is, in words: a root by its name, the embedded ones as what they are."""
    key = f"health.place_{detail.replace('-', '_')}"
    if key in t.table:
        return t(key)
    if detail.startswith("folder "):
        return t("health.place_folder", path=detail.removeprefix("folder "))
    return site.root(detail) or "–"


@dataclass(frozen=True)
class Setting:
    """One line of the settings: secrets as "set", never their value."""

    name: str
    value: str
    default: str
    given: bool


@router.get("/settings")
def show_settings(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.see_settings)
    rows = shown_settings(visit.archive.settings, t)
    return render(
        request, "running/settings.html", Page(t("navigation.settings"), here="/settings"), rows=rows
    )


def shown_settings(settings: Settings, t: Sentences) -> Sequence[Setting]:
    given = settings.model_fields_set
    found = []
    for name, info in Settings.model_fields.items():
        default = "" if info.default is PydanticUndefined else info.default
        found.append(Setting(name, shown(getattr(settings, name), t), shown(default, t), name in given))
    return found


def shown(value: object, t: Sentences) -> str:
    """A value as people may see it. Keys, passwords and the user part of an address are not among it."""
    if isinstance(value, SecretStr):
        return t("settings.secret_set" if value.get_secret_value() else "settings.secret_missing")
    if isinstance(value, dict):
        return ", ".join(f"{name}: {t('settings.secret_set')}" for name in value) or "–"
    if isinstance(value, BaseModel):
        return ", ".join(f"{name}: {shown(each, t)}" for name, each in value)
    if isinstance(value, list | tuple):
        return "; ".join(_shown_item(item, t) for item in value) or "–"
    if isinstance(value, bool):
        return t("settings.yes" if value else "settings.no")
    return without_user(str(value)) if value not in (None, "") else "–"


def _shown_item(item: object, t: Sentences) -> str:
    if isinstance(item, Root):
        return f"{item.id} ({without_user(item.url)}, {item.failure_domain})"
    return shown(item, t)


def without_user(value: str) -> str:
    """An address without user name and password.

    >>> without_user("postgresql+psycopg://kho:bimat@db/archive"), without_user("none")
    ('postgresql+psycopg://…@db/archive', 'none')
    """
    parts = urlsplit(value)
    return (
        parts._replace(netloc="…@" + parts.netloc.rpartition("@")[2]).geturl()
        if "@" in parts.netloc
        else value
    )
