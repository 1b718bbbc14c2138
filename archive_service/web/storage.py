"""`/storage`: each root, what it holds and owes, and what its store was really seen to do."""

from __future__ import annotations

from fastapi import Request, Response

from archive_service.web.fact_words import FACTS, fact_words
from archive_service.web.frame import Page, render, sentences
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, page_router
from archive_service.web.texts import day_text, number
from preservation.replication.root_overview import storage_overview
from preservation.watch_models import RetiredRoot

router = page_router()


@router.get("/storage")
def storage(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        found = storage_overview(work)
    return render(
        request,
        "storage.html",
        Page(t("storage.title"), here="/storage"),
        found=found,
        whole=not found.owed and all(each.root.state in ("online", "offline") for each in found.roots),
        where={root_id: store.describe() for root_id, store in visit.archive.stores.items()},
        todo=lambda row: " ".join(t(f"storage.todo_{key}") for key in row.todo) or t("storage.todo_none"),
        fact=lambda row, name: fact_words(t, row.root.facts, name),
        medium=lambda row: medium_words(t, row),
        fact_names=FACTS,
        about=[
            (t("storage.required"), number(found.required)),
            (t("storage.domains"), number(found.domains)),
        ],
    )


def medium_words(t: Sentences, row: RetiredRoot) -> str:
    if row.destroyed_on is not None:
        return t("storage.medium_destroyed", day=day_text(row.destroyed_on), by=row.destroyed_by)
    return t("storage.medium_encrypted" if row.encrypted else "storage.medium_plain")
