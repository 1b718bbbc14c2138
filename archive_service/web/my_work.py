"""`/my-work`: what waits for a person with several roles, or with none yet."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request, Response

from archive_service import upkeep
from archive_service.accounts import directory
from archive_service.kernel.jobs import JobState
from archive_service.web.frame import Page, offers, render, sentences
from archive_service.web.lists import Empty
from archive_service.web.navigation import MY_WORK, Entry, navigation_for
from archive_service.web.session import TheVisit, page_router
from archive_service.work import Work
from ingest import inbox
from ingest.inbox import Group, Wanted

router = page_router()


@router.get(MY_WORK)
def my_work(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    links = navigation_for(visit.actor.roles, lambda path: offers(request.app, path))
    entries = [(entry, waiting(request, visit, entry)) for entry in links if entry.path != MY_WORK]
    page = Page(t("navigation.my_work"), here=MY_WORK)
    nothing = Empty("nothing_yet", t("my_work.no_role"))
    return render(request, "start/my_work.html", page, entries=entries, nothing=nothing)


def waiting(request: Request, visit: TheVisit, entry: Entry) -> str:
    """The sentence with the number that waits behind a link, "" where nothing is counted or nothing waits."""
    count = COUNTED.get(entry.href)
    if count is None:
        return ""
    with visit.archive.look(visit.actor) as work:
        found = count(work)
    return sentences(request)("my_work.waits", n=found) if found else ""


def _stuck(work: Work) -> int:
    return upkeep.count_jobs(work, 100)[JobState.stuck]


def _to_decide(work: Work) -> int:
    return sum(inbox.count_sips(work, Wanted(group)) for group in (Group.waiting, Group.with_errors))


#: What is counted behind a link, by its address; each asks the use case of that page.
COUNTED: dict[str, Callable[[Work], int]] = {
    "/sips": _to_decide,
    "/submissions": lambda work: inbox.count_own_sips(work, Wanted(Group.sent_back)),
    "/users": lambda work: len(directory.waiting_grants(work)),
    "/jobs": _stuck,
}
