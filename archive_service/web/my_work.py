"""`/my-work`: what waits for a person with several roles, or with none yet."""

from __future__ import annotations

from fastapi import Request, Response

from archive_service.web.frame import Page, offers, render, sentences
from archive_service.web.lists import Empty
from archive_service.web.navigation import MY_WORK, Entry, navigation_for
from archive_service.web.session import TheVisit, page_router

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
    """The sentence with the number that waits behind a link, "" where nothing is counted."""
    return ""
