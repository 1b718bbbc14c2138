"""`/audit`: who did what, and is the chain whole? The answer about the chain comes first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from archive_service.accounts.oversight import LogRow, list_log
from archive_service.api.downloads import attachment
from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import Missing
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry, LogHead
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.web.exports import PAGE, every, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.work import Work
from preservation.audits.log_check import check_chain, export_log

router = page_router()
#: A longer chain is walked only when somebody asks: a page must not take minutes.
WALKED_AT_ONCE = 20_000

ENTRIES = (
    Column("at", "history.at", sheet=lambda row: row.at),
    Column("what", "history.what", sheet=lambda row: row.words),
    Column("who", "history.who", sheet=lambda row: row.who),
    Column("subject", "audit.subject", sheet=lambda row: f"{row.subject_words} {row.subject}".strip()),
    Column("outcome", "audit.outcome", sheet=lambda row: row.outcome),
    Column("number", "history.number", numeric=True, sheet=lambda row: row.number),
)


@dataclass(frozen=True)
class EntryRow:
    """One entry as a line; what is told of the person comes from the detail, which may have been erased."""

    number: int
    at: datetime
    words: str
    who: str
    door: str
    subject_words: str
    subject: str
    outcome: str
    digest: str


def _row(row: LogRow, t: Sentences) -> EntryRow:
    body, detail = json.loads(row.body), json.loads(row.detail) if row.detail else {}
    return EntryRow(
        row.number,
        datetime.fromisoformat(body["at"]),
        _words(t, "verb", body["verb"]),
        str(detail.get("actor", "")),
        body["door"],
        _words(t, "subject", body["subject_type"]),
        body["subject"] or "",
        _words(t, "audit", f"outcome_{body['outcome']}", body["outcome"]),
        row.digest,
    )


def _words(t: Sentences, group: str, name: str, otherwise: str = "") -> str:
    """What the pages call it; a name that has no words yet is shown as it is."""
    key = f"{group}.{name}"
    return t(key) if key in t.table else otherwise or name


def details_shown(detail: Mapping[str, Any], t: Sentences) -> list[tuple[str, str]]:
    """(name in words, value) of an entry's details; values stay as recorded, but for yes, no and lists."""
    return [(_words(t, "log_detail", name), _value(value, t)) for name, value in detail.items()]


def _value(value: Any, t: Sentences) -> str:
    if isinstance(value, bool):
        return t("settings.yes" if value else "settings.no")
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {one}" for name, one in value.items()) or "–"
    return str(value) if value not in (None, "") else "–"


@router.get("/audit")
def audit(request: Request, visit: TheVisit) -> Response:
    return _audit(request, visit, walk=False)


@router.get("/audit/verify")
def walk_the_chain(request: Request, visit: TheVisit) -> Response:
    return _audit(request, visit, walk=True)


def _audit(request: Request, visit: Visit, *, walk: bool) -> Response:
    t = sentences(request)
    verbs = [(verb.value, t(f"verb.{verb.value}")) for verb in Verb]
    filters = (
        Filter("verb", "history.what", "choice", sorted(verbs, key=lambda pair: pair[1])),
        Filter("person", "audit.person"),
        Filter("subject", "audit.subject_id"),
    )
    asked = ask(request, "audit", ENTRIES, filters, sort="")
    if asked.wants_sheet:
        rows = (_row(row, t) for row in _all(visit, asked))
        return export(request, visit, asked, t("navigation.audit"), rows)
    with visit.archive.look(visit.actor) as work:
        found = _rows(work, visit, asked, asked.position, asked.limit)
        length = work.session.get_one(LogHead, 1).number
    walked = walk or length <= WALKED_AT_ONCE
    chain = check_chain(visit.archive, visit.actor) if walked else None
    shown = Listed([_row(row, t) for row in found.items], found.next)
    listing = Listing(asked, t("audit.caption"), asked.page_of(shown), Empty("no_match", t("audit.none")))
    page = Page(t("navigation.audit"), here="/audit")
    return render(request, "audit.html", page, listing=listing, chain=chain, length=length)


def _rows(work: Work, visit: Visit, asked: Asked, cursor: str | None, limit: int) -> Listed[LogRow]:
    work.allow(Permission.read_log)
    values = asked.values
    person: UUID | None = None
    if values["person"]:
        person = work.session.scalar(select(Person.id).where(Person.username == values["person"].lower()))
        if person is None:
            return Listed([], None)
    return list_log(
        work,
        visit.archive.keys.secret,
        verb=values["verb"] or None,
        subject=values["subject"] or None,
        person=person,
        limit=limit,
        cursor=cursor,
    )


def _all(visit: Visit, asked: Asked) -> Iterator[LogRow]:
    def page(cursor: str | None) -> Listed[LogRow]:
        with visit.archive.look(visit.actor) as work:
            return _rows(work, visit, asked, cursor, PAGE)

    return every(page)


@router.get("/audit/export")
def take_away(visit: TheVisit) -> Response:
    """The whole chain with its anchors: what `archive log verify FILE` reads."""
    lines = export_log(visit.archive, visit.actor)
    return StreamingResponse(
        lines, media_type="application/octet-stream", headers=attachment("audit-log.jsonl")
    )


@router.get("/audit/{number}")
def entry(request: Request, visit: TheVisit, number: int) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.read_log)
        found = work.session.get(LogEntry, number)
        if found is None:
            raise Missing
        kept = work.session.get(LogDetail, number)
    body: dict[str, Any] = json.loads(found.body)
    detail = details_shown(json.loads(kept.detail), t) if kept else None
    row = _row(LogRow(number, found.digest, found.body.decode(), kept.detail if kept else None), t)
    crumbs = [(t("navigation.audit"), "/audit"), (str(number), "")]
    page = Page(t("audit.entry", number=str(number), words=row.words), "", crumbs, "/audit")
    return render(
        request, "audit_entry.html", page, row=row, body=body, detail=detail, hashed=found.body.decode()
    )
