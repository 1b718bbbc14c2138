"""Browsing the catalogue: fonds → year → dossier → document. Lists are paged by key, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.organisation import Fonds
from archive_service.work import Work
from preservation.access import allow_reading, may_read, readable, visible_dossier
from preservation.models import Document, Dossier, DossierState, FileObject

LAST_YEAR = 2**31 - 1
"""Or inventory number: what a column holds. Databases refuse to compare with more."""


def fonds_list(work: Work) -> Sequence[Fonds]:
    """The fonds in which the actor may see at least one dossier."""
    allow_reading(work)
    seen = select(Dossier.fonds_id).where(readable(work), Dossier.state != DossierState.destroyed).distinct()
    return work.session.scalars(select(Fonds).where(Fonds.id.in_(seen)).order_by(Fonds.organ_id)).all()


def years_of(work: Work, fonds_id: UUID) -> Sequence[tuple[int | None, int]]:
    """(year or inventory number, dossiers that the actor may see), newest first."""
    allow_reading(work)
    rows = work.session.execute(
        select(Dossier.year, func.count())
        .where(Dossier.fonds_id == fonds_id, readable(work), Dossier.state != DossierState.destroyed)
        .group_by(Dossier.year)
        .order_by(Dossier.year.desc())
    )
    return [(year, count) for year, count in rows]


def dossiers_of(
    work: Work, secret: bytes, fonds_id: UUID, year: int | None, *, limit: int = 50, cursor: str | None = None
) -> Listed[Dossier]:
    """The dossiers of a fonds and year in Vietnamese order of their titles."""
    allow_reading(work)
    if year is not None and not 0 <= year <= LAST_YEAR:
        return Listed([], None)
    bound = f"{work.actor.id}/dossiers/{fonds_id}/{year}"
    query = (
        select(Dossier)
        .where(Dossier.fonds_id == fonds_id, readable(work), Dossier.state != DossierState.destroyed)
        .where(Dossier.year == year if year is not None else Dossier.year.is_(None))
        .order_by(Dossier.title_key, Dossier.id)
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        key, last = read_cursor(secret, bound, cursor)
        query = query.where(tuple_(Dossier.title_key, Dossier.id) > tuple_(str(key), UUID(str(last))))
    rows = work.session.scalars(query).all()
    following = rows[limit - 1] if len(rows) > limit else None
    onward = make_cursor(secret, bound, [following.title_key, following.id]) if following else None
    return Listed(rows[:limit], onward)


def count_documents(work: Work, dossier_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many documents of each dossier the actor may read; no count tells of those that are closed."""
    rows = work.session.execute(
        select(Document.dossier_id, func.count())
        .join(Dossier, Dossier.id == Document.dossier_id)
        .where(Document.dossier_id.in_(dossier_ids), readable(work, Document.access))
        .group_by(Document.dossier_id)
    )
    return {row[0]: row[1] for row in rows}


def documents_of(
    work: Work, secret: bytes, dossier_id: UUID, *, limit: int = 100, cursor: str | None = None
) -> Listed[Document]:
    """Mục lục văn bản: the documents that the actor may see, by ordinal."""
    dossier = visible_dossier(work, dossier_id)
    bound = f"{work.actor.id}/documents/{dossier_id}"
    after = int(str(read_cursor(secret, bound, cursor)[0])) if cursor else -1
    modes = [mode for mode in type(dossier.access) if may_read(work, dossier, mode)]
    rows = work.session.scalars(
        select(Document)
        .where(Document.dossier_id == dossier_id, Document.ordinal > after, Document.access.in_(modes))
        .order_by(Document.ordinal)
        .limit(limit_of(limit) + 1)
    ).all()
    onward = make_cursor(secret, bound, [rows[limit - 1].ordinal]) if len(rows) > limit else None
    return Listed(rows[:limit], onward)


def files_of(work: Work, document: Document) -> Sequence[FileObject]:
    """The document's files, the original first."""
    return work.session.scalars(
        select(FileObject).where(FileObject.document_id == document.id).order_by(FileObject.position)
    ).all()
