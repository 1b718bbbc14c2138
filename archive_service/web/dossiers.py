"""`/dossiers/{id}` (W4): its documents, its description, and the tombstone of a destroyed one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.events import Verb
from archive_service.regulations import Rules
from archive_service.regulations.rules import Level
from archive_service.web.dossier_head import Opened, open_dossier, open_view, show
from archive_service.web.exports import PAGE, every, export
from archive_service.web.fonds import period
from archive_service.web.frame import sentences
from archive_service.web.lists import Column, Empty, Listing, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.texts import share, when
from archive_service.work import Work
from preservation.aips.store import copies_of
from preservation.models import CopyState, Dossier, DossierState
from preservation.reading import browse, contents
from preservation.reading.contents import TOTALS, Line
from retention.models import Assessment

router = page_router()

DOCUMENTS = (
    Column("ordinal", "dossier.ordinal", numeric=True, sheet=lambda row: row.document.ordinal),
    Column("document", "dossier.document", sheet=lambda row: title_of(row.document)),
    Column("number", "dossier.number", sheet=lambda row: row.document.number),
    Column("date", "dossier.date", sheet=lambda row: row.document.issued_raw),
    Column("agency", "dossier.agency", sheet=lambda row: row.document.organ_name),
    Column("pages", "dossier.pages", numeric=True, sheet=lambda row: pages_of(row)),
    Column("form", "dossier.form"),
)


@router.get("/dossiers/{dossier_id}")
def documents(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t, asked = sentences(request), ask(request, "documents", DOCUMENTS, (), sort="")
    with visit.archive.look(visit.actor) as work:
        opened = open_dossier(work, dossier_id)
        if opened.dossier.state is DossierState.destroyed:
            return show(request, opened, "tombstone", "dossier_tombstone.html")
        listed = _lines(work, visit, dossier_id, asked.position, asked.limit)
        verdicts = contents.signature_counts(work, opened.dossier)
        facts = _facts(work, opened, verdicts, t)
    total = verdicts.total()
    with visit.archive.work(visit.actor) as work:
        work.record(Verb.dossier_read, opened.dossier)
    if asked.wants_sheet:
        rows = _all(visit, dossier_id)
        return export(request, visit, asked, t("dossier.contents_list", code=opened.dossier.code), rows)
    empty = Empty("unknown" if not opened.reads else "nothing_yet", t("dossier.unread"))
    listing = Listing(asked, t("dossier.contents"), asked.page_of(listed), empty, total)
    summary = _summary(opened, total, t)
    return show(
        request, opened, "documents", "dossier.html", summary, listing=listing, facts=facts, pages_of=pages_of
    )


def _lines(work: Work, visit: Visit, dossier_id: UUID, cursor: str | None, limit: int) -> Listed[Line]:
    secret = visit.archive.keys.secret
    found = browse.documents_of(work, secret, dossier_id, limit=limit, cursor=cursor)
    return Listed(contents.lines_of(work, found.items), found.next)


def _all(visit: Visit, dossier_id: UUID) -> Iterator[Line]:
    def page(cursor: str | None) -> Listed[Line]:
        with visit.archive.look(visit.actor) as work:
            return _lines(work, visit, dossier_id, cursor, PAGE)

    return every(page)


def _summary(opened: Opened, documents: int, t: Sentences) -> str:
    dates = period(opened.dossier)
    known = [t("dossier.documents_count", n=documents)] if opened.reads else []
    known += [dates] if dates else []
    return t("dossier.summary", facts=", ".join(known), fonds=opened.fonds.name)


def _facts(work: Work, opened: Opened, verdicts: Counter[str], t: Sentences) -> list[tuple[str, Any]]:
    """Integrity, signatures and term, one line each: plain numbers with their moment."""
    facts = [(t("dossier.integrity"), _integrity(work, opened.dossier, t))]
    if opened.reads:
        facts.append((t("dossier.signatures"), signatures_line(verdicts, t)))
    facts.append((t("dossier.term"), _term(work, opened, t)))
    return facts


def _integrity(work: Work, dossier: Dossier, t: Sentences) -> str:
    copies = copies_of(work, dossier.id)
    good = [row for row in copies if row.state is CopyState.verified]
    times = [row.verified_at for row in good if row.verified_at]
    numbers = share(len(good), len(copies), t.language).partition(" ")[0]
    if not times:
        return t("dossier.integrity_unproven", copies=numbers)
    return t("dossier.integrity_good", copies=numbers, at=when(min(times)))


def signatures_line(verdicts: Mapping[str, int], t: Sentences) -> str:
    known = [
        t(f"dossier.signed_{name}", n=verdicts[name])
        for name in ("total_passed", "indeterminate", "total_failed", "none")
        if verdicts.get(name)
    ]
    return "; ".join(known) + "." if known else t("dossier.signed_nothing")


def _term(work: Work, opened: Opened, t: Sentences) -> str:
    term = work.session.get(Assessment, opened.dossier.id) if opened.retention else None
    words = opened.dossier.maintenance or t("dossier.term_unknown")
    if term is not None and term.ends_on is not None:
        words = t("dossier.term_ends", term=words, on=f"{term.ends_on:%d/%m/%Y}")
    if opened.holds:
        words += t("dossier.term_held", order=opened.holds[0].order_number)
    return words


@router.get("/dossiers/{dossier_id}/description")
def description(request: Request, visit: TheVisit, dossier_id: UUID) -> Response:
    t = sentences(request)
    with visit.archive.work(visit.actor) as work:
        opened = open_view(work, dossier_id, "description")
        work.record(Verb.dossier_read, opened.dossier, view="description")
        tags = {k: v for k, v in opened.dossier.tags.items() if opened.whole or k not in TOTALS}
    return show(
        request,
        opened,
        "description",
        "dossier_description.html",
        named=named(visit.archive.rules, "dossier", tags, t),
        cited=t("dossier.citation", code=opened.dossier.code, fonds=opened.fonds.name),
    )


def named(rules: Rules, level: Level, tags: Mapping[str, Any], t: Sentences) -> list[tuple[str, str]]:
    """The law's tags with the names that its annex gives them; an unknown tag keeps its own."""
    fields = rules.known_fields(level)
    english = t.language == "en"
    names = {tag: (field.name_en if english else field.name_vi) for tag, field in fields.items()}
    return [
        (f"{names.get(tag, tag)} ({tag})" if tag in names else tag, str(value)) for tag, value in tags.items()
    ]


def title_of(document: Any) -> str:
    """Type and abstract, as a contents list of the law has them in one column."""
    return " – ".join(filter(None, (document.type_name, document.subject)))


def pages_of(line: Line) -> int | None:
    return line.original.pages if line.original else None
