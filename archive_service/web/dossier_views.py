"""The other views of a dossier: where its copies lie, its signatures, its term, and what happened to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry
from archive_service.web.dossier_head import open_view, show
from archive_service.web.exports import export
from archive_service.web.frame import sentences
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Listing, Window, ask
from archive_service.web.reasons import reasons, signature_reason
from archive_service.web.session import TheVisit, page_router
from archive_service.work import Work
from ingest.models import Sip
from preservation.aips.store import copies_of
from preservation.models import FileObject, Signature, StorageRoot
from preservation.reading import contents
from preservation.watch_models import SignatureCheck
from retention.models import Assessment, DestructionEntry, DestructionList

router = page_router()

FILES = (
    Column("file", "copies.file", sheet=lambda row: row.path),
    Column("format", "copies.format", sheet=lambda row: row.format_name or row.puid),
    Column("size", "copies.size", numeric=True, sheet=lambda row: row.size),
    Column("digest", "copies.digest", sheet=lambda row: row.sha256),
)
SIGNATURES = (
    Column("file", "copies.file", sheet=lambda row: row.file.path),
    Column("signer", "signature.signer", sheet=lambda row: row.signature.signer),
    Column("signed_at", "signature.signed_at", sheet=lambda row: row.signature.signed_at),
    Column("then", "signature.then", sheet=lambda row: label("signature", row.signature.first_verdict)),
    Column("now", "signature.now", sheet=lambda row: label("signature", row.signature.verdict)),
    Column("why", "signature.why", sheet=lambda row: row.why),
    Column("checked_at", "signature.checked_at", sheet=lambda row: row.checked_at),
)
HISTORY = (
    Column("at", "history.at", sheet=lambda row: row.at),
    Column("what", "history.what", sheet=lambda row: row.verb),
    Column("who", "history.who", sheet=lambda row: row.who),
    Column("number", "history.number", numeric=True, sheet=lambda row: row.number),
)
#: Who read what is shown to auditors alone, on the page of the log.
READINGS = (
    Verb.dossier_read,
    Verb.dossier_exported,
    Verb.document_read,
    Verb.page_read,
    Verb.file_downloaded,
)


@router.get("/dossiers/{dossier_id}/copies")
def copies(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t, asked = sentences(request), ask(request, "files", FILES, (), sort="")
    with visit.archive.look(visit.actor) as work:
        opened = open_view(work, dossier_id, "copies")
        held_in = copies_of(work, dossier_id)
        roots = {row.id: row for row in work.session.scalars(select(StorageRoot))}
        files = contents.files_seen(work, opened.dossier, all_of_them=opened.whole or opened.auditor)
    if asked.wants_sheet:
        return export(request, visit, asked, opened.dossier.code, files)
    listing = Listing(
        asked, t("copies.files"), Window(files), Empty("nothing_yet", t("copies.none")), len(files)
    )
    return show(
        request, opened, "copies", "dossier_copies.html", copies=held_in, roots=roots, listing=listing
    )


@dataclass(frozen=True)
class SignatureRow:
    signature: Signature
    file: FileObject
    checked_at: datetime | None
    why: str


@router.get("/dossiers/{dossier_id}/signatures")
def signatures(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t, asked = sentences(request), ask(request, "signatures", SIGNATURES, (), sort="")
    with visit.archive.work(visit.actor) as work:
        opened = open_view(work, dossier_id, "signatures")
        work.record(Verb.dossier_read, opened.dossier, view="signatures")
        found = contents.signatures_seen(work, opened.dossier, all_of_them=opened.whole or opened.auditor)
        ids = [signature.id for signature, _ in found]
        checks = work.session.scalars(select(SignatureCheck).where(SignatureCheck.signature_id.in_(ids)))
        times = {row.signature_id: row.checked_at for row in checks}
    rows = [SignatureRow(s, f, times.get(s.id), signature_reason(s.reason, t)) for s, f in found]
    if asked.wants_sheet:
        return export(request, visit, asked, opened.dossier.code, rows)
    empty = Empty("nothing_yet", t("signature.none"))
    listing = Listing(asked, t("signature.caption"), Window(rows), empty, len(rows))
    return show(request, opened, "signatures", "dossier_signatures.html", listing=listing)


@router.get("/dossiers/{dossier_id}/retention")
def retention(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        opened = open_view(work, dossier_id, "retention")
        term = work.session.get(Assessment, dossier_id)
        query = (
            select(DestructionEntry, DestructionList)
            .join(DestructionList, DestructionList.id == DestructionEntry.list_id)
            .where(DestructionEntry.dossier_id == dossier_id)
            .order_by(DestructionList.proposed_at)
        )
        lists = [(entry, listed) for entry, listed in work.session.execute(query)]
    steps = reasons(term.steps, t) if term else []
    return show(request, opened, "retention", "dossier_retention.html", term=term, steps=steps, lists=lists)


@dataclass(frozen=True)
class Happening:
    number: int
    at: datetime
    verb: str
    who: str
    door: str


@router.get("/dossiers/{dossier_id}/history")
def history(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t, asked = sentences(request), ask(request, "history", HISTORY, (), sort="")
    with visit.archive.look(visit.actor) as work:
        opened = open_view(work, dossier_id, "history")
        if asked.wants_sheet:
            rows = _happenings(work, dossier_id, opened.auditor, None, 10_000)
            return export(request, visit, asked, opened.dossier.code, [_told(row, t) for row in rows])
        before = int(asked.position) if asked.position else None
        found = _happenings(work, dossier_id, opened.auditor, before, asked.limit + 1)
    more, rows = len(found) > asked.limit, found[: asked.limit]
    window = Window(rows, None, (rows[-1].number,) if more else None)
    listing = Listing(asked, t("history.caption"), window, Empty("nothing_yet", t("history.none")))
    return show(request, opened, "history", "dossier_history.html", listing=listing)


def _told(row: Happening, t: Any) -> Happening:
    return Happening(row.number, row.at, t(f"verb.{row.verb}"), row.who, row.door)


def _happenings(
    work: Work, dossier_id: UUID, readings: bool, before: int | None, limit: int
) -> list[Happening]:
    """The log's entries about the dossier and about the submissions that brought it, newest first."""
    brought = select(Sip.id).where(Sip.dossier_id == dossier_id)
    subjects = [str(dossier_id), *map(str, work.session.scalars(brought))]
    query = (
        select(LogEntry, LogDetail.detail)
        .outerjoin(LogDetail, LogDetail.number == LogEntry.number)
        .where(LogEntry.subject_id.in_(subjects))
        .order_by(LogEntry.number.desc())
        .limit(limit)
    )
    if not readings:
        query = query.where(LogEntry.verb.not_in([verb.value for verb in READINGS]))
    if before is not None:
        query = query.where(LogEntry.number < before)
    return [_happening(entry, detail) for entry, detail in work.session.execute(query)]


def _happening(entry: LogEntry, detail: str | None) -> Happening:
    """Who it was stands in the erasable detail; the door in the hashed body."""
    who = str(json.loads(detail).get("actor", "")) if detail else ""
    door = str(json.loads(entry.body).get("door", ""))
    return Happening(entry.number, entry.at, entry.verb, who, door)
