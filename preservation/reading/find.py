"""Finding records: what the index learns of a dossier, and how a person's query meets the person's rights."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.cursors import make_cursor, read_cursor
from archive_service.kernel.errors import ArchiveError
from archive_service.kernel.events import Verb
from archive_service.work import Archive, Work
from preservation.access import access_filter, allow_reading
from preservation.aips.proven import NoGoodCopy, proven_bytes
from preservation.audits.index_check import forget_lost
from preservation.description import DocumentDescription, accessors
from preservation.models import Document, Dossier, DossierState, FileObject, Indexed
from search.index import TEXT_LIMIT, IndexEntry, Query, SearchIndex, SearchPage

log = logging.getLogger(__name__)
PAGE = 200
"""Documents that are in memory at once while dossiers are indexed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the index answered, and what the query meant after the person's rights were put into it."""

    page: SearchPage
    query: Query


def find(archive: Archive, actor: Actor, query: Query) -> Found:
    """Searches what the actor may see, and nothing else. Raises `IndexAway`; the query itself is logged.

    `query.after` and the answer's `next` are bound to the person: the index's own cursor binds the query only.
    """
    with archive.look(actor) as work:
        allow_reading(work)
        rights, hidden = access_filter(work), blocked(work)
    secret, bound = archive.keys.secret, f"{actor.id}/search"
    if query.after is not None:
        query = replace(query, after=str(read_cursor(secret, bound, query.after)[0]))
    page = archive.index.search(query, rights, hidden)
    if page.next is not None:
        page = replace(page, next=make_cursor(secret, bound, [page.next]))
    with archive.work(actor) as work:
        work.record_of(Verb.searched, "search", None, text=query.text, hits=page.total)
    return Found(page, query)


def blocked(work: Work) -> frozenset[str]:
    """Closed or destroyed dossiers that the index has not confirmed yet: hidden from the moment of the commit."""
    rows = work.session.scalars(select(Indexed.dossier_id).where(Indexed.blocked))
    return frozenset(str(row) for row in rows)


def index_dossier(archive: Archive, dossier_id: str) -> None:
    """Writes what the row says when this runs; an older revision never wins in the index."""
    with archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get(Dossier, UUID(dossier_id))
    if dossier is None or dossier.state is DossierState.destroyed:
        return
    confirmed = archive.index.write(entries_of(archive, [dossier]))
    with archive.work(THE_ARCHIVE) as work:
        _confirm(work, dossier.id, min(confirmed.values(), default=0))


def _confirm(work: Work, dossier_id: UUID, revision: int) -> None:
    """What was closed or destroyed while it was being indexed stays blocked: the row of this moment decides."""
    dossier = work.session.get_one(Dossier, dossier_id, with_for_update=True)
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Indexed).values(dossier_id=dossier.id, revision=revision, blocked=False)
    work.session.execute(statement.on_conflict_do_nothing())
    work.session.execute(
        update(Indexed)
        .where(Indexed.dossier_id == dossier.id, Indexed.revision <= revision)
        .values(revision=revision, blocked=revision < dossier.revision)
    )
    work.record(Verb.dossier_indexed, dossier, revision=revision)


def index_owed(archive: Archive) -> None:
    """Queues every dossier that the index has not confirmed at its revision, or has lost since.

    Bounded: the timetable comes again.
    """
    forget_lost(archive)
    with archive.work(THE_ARCHIVE) as work:
        behind = (
            select(Dossier.id)
            .outerjoin(Indexed, Indexed.dossier_id == Dossier.id)
            .where(Dossier.state != DossierState.destroyed)
            .where(or_(Indexed.revision.is_(None), Indexed.revision < Dossier.revision))
            .limit(archive.settings.run_objects)
        )
        for dossier_id in work.session.scalars(behind):
            work.owe("index_dossier", dossier_id)


def entries_of(
    archive: Archive, dossiers: Sequence[Dossier], lacking: list[tuple[Dossier, str]] | None = None
) -> Iterator[IndexEntry]:
    """The dossiers, then their documents, as the index holds them; texts are read from storage one at a time.

    With `lacking`, texts that no root gives now are named there, and their documents come without: for a rebuild, which
    must not wait for a root. Else raises `NoGoodCopy` while a root is away.
    """
    yield from map(_dossier_entry, dossiers)
    own, after = {each.id: each for each in dossiers}, (UUID(int=0), -1)
    while documents := _documents_after(archive, own, after):
        for document, files in documents:
            dossier = own[document.dossier_id]
            text = _text(archive, dossier, files, lacking)
            yield replace(_document_entry(dossier, document), text=text)
        after = (documents[-1][0].dossier_id, documents[-1][0].ordinal)


def _documents_after(
    archive: Archive, dossiers: Collection[UUID], after: tuple[UUID, int]
) -> list[tuple[Document, list[FileObject]]]:
    """The next documents behind (dossier, ordinal), each with those of its files that have a text, in their order."""
    following = or_(
        Document.dossier_id > after[0],
        and_(Document.dossier_id == after[0], Document.ordinal > after[1]),
    )
    with archive.look(THE_ARCHIVE) as work:
        documents = work.session.scalars(
            select(Document)
            .where(Document.dossier_id.in_(dossiers), following)
            .order_by(Document.dossier_id, Document.ordinal)
            .limit(PAGE)
        ).all()
        files = work.session.scalars(
            select(FileObject)
            .where(FileObject.document_id.in_([each.id for each in documents]), FileObject.text_path != "")
            .order_by(FileObject.position)
        ).all()
    texts: dict[UUID | None, list[FileObject]] = {each.id: [] for each in documents}
    for each in files:
        texts[each.document_id].append(each)
    return [(each, texts[each.id]) for each in documents]


def _dossier_entry(dossier: Dossier) -> IndexEntry:
    return IndexEntry(
        id=str(dossier.id),
        dossier_id=str(dossier.id),
        kind="dossier",
        revision=dossier.revision,
        unit_id=str(dossier.unit_id or ""),
        fonds_id=str(dossier.fonds_id),
        access=dossier.access.value,
        dossier_code=dossier.code,
        title=dossier.title,
        abstract="; ".join(filter(None, (dossier.tags.get("Description"), dossier.tags.get("Keyword")))),
        place_held=str(dossier.tags.get("paperFileCode", "")),
        date_from=dossier.start_date.isoformat() if dossier.start_date else None,
        date_to=dossier.end_date.isoformat() if dossier.end_date else None,
        year=dossier.year,
    )


def _document_entry(dossier: Dossier, document: Document) -> IndexEntry:
    described = DocumentDescription(document.tags, ())
    return IndexEntry(
        id=str(document.id),
        dossier_id=str(dossier.id),
        kind="document",
        revision=dossier.revision,
        unit_id=str(dossier.unit_id or ""),
        fonds_id=str(dossier.fonds_id),
        access=document.access.value,
        dossier_code=dossier.code,
        title=document.subject,
        abstract="; ".join(filter(None, (document.tags.get("Description"), document.tags.get("Keyword")))),
        numbers=(document.number,) if document.number else (),
        agency=document.organ_name,
        signer=accessors.signer(described),
        type_name=document.type_name,
        place_held=str(document.tags.get("paperFileCode") or dossier.tags.get("paperFileCode", "")),
        date_from=document.issued_from.isoformat() if document.issued_from else None,
        date_to=document.issued_to.isoformat() if document.issued_to else None,
        year=document.issued_from.year if document.issued_from else dossier.year,
    )


def _text(
    archive: Archive,
    dossier: Dossier,
    files: Sequence[FileObject],
    lacking: list[tuple[Dossier, str]] | None,
) -> str:
    """Pages of all files of a document in order, cut where the index stops reading anyway."""
    parts: list[str] = []
    room = TEXT_LIMIT
    for each in files:
        text = _text_of(archive, dossier, each.text_path, lacking)[:room]
        parts.append(text)
        room -= len(text)
        if room <= 0:
            break
    return "\f".join(parts)


def _text_of(archive: Archive, dossier: Dossier, path: str, lacking: list[tuple[Dossier, str]] | None) -> str:
    """ "" when every copy of the text is damaged: the record is found by its description then, rather than not at all."""
    try:
        return proven_bytes(archive, dossier, path).decode("utf-8", errors="replace")
    except NoGoodCopy as error:
        if lacking is not None:
            lacking.append((dossier, path))
        elif not error.damaged:
            raise
        log.warning("no copy of %s of %s is good: it is indexed without its text", path, dossier.id)
        return ""


def search_trouble(index: SearchIndex) -> str:
    """ "" when the index answers, else one sentence for the health page."""
    try:
        index.probe()
    except ArchiveError as error:
        return error.vi
    return ""
