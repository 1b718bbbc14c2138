"""Catalogue to index: what the index confirmed once and no longer holds (a lost disk, a restore, an index made anew)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.models import Document, Dossier, DossierState, Indexed
from search.index import IndexAway

Pairs = Select[UUID, UUID]
"""Ids of entries with their dossier's id."""
BATCH = 300


def forget_lost(archive: Archive) -> int:
    """Takes back the confirmation of every dossier of which an entry is missing; returns how many.

    Two counts decide whether to walk at all: without a loss this costs a moment. The index's own side (entries that
    no row knows) is not looked at.
    """
    try:
        if archive.index.count() >= _expected(archive):
            return 0
        lost = {dossier for query in _confirmed() for dossier in _missing(archive, query)}
    except IndexAway:
        return 0  # the timetable comes again
    with archive.work(THE_ARCHIVE) as work:
        for keys in _batches(lost):
            work.session.execute(
                delete(Indexed).where(Indexed.dossier_id.in_(keys), Indexed.blocked.is_(False))
            )
    return len(lost)


def _confirmed() -> tuple[Pairs, Pairs]:
    """Entries that must be there: those of living dossiers that the index confirmed."""
    living = Dossier.state != DossierState.destroyed
    dossiers = select(Dossier.id, Dossier.id).join(Indexed, Indexed.dossier_id == Dossier.id).where(living)
    documents = (
        select(Document.id, Document.dossier_id)
        .join(Dossier, Dossier.id == Document.dossier_id)
        .join(Indexed, Indexed.dossier_id == Dossier.id)
        .where(living)
    )
    return dossiers.order_by(Dossier.id), documents.order_by(Document.id)


def _expected(archive: Archive) -> int:
    with archive.look(THE_ARCHIVE) as work:
        counts = (select(func.count()).select_from(q.order_by(None).subquery()) for q in _confirmed())
        return sum(work.session.execute(each).scalar_one() for each in counts)


def _missing(archive: Archive, query: Pairs) -> Iterator[UUID]:
    """Both sides by id, side by side, so that memory stays flat."""
    held = (entry_id for entry_id, _ in archive.index.revisions())
    current = next(held, None)
    with archive.look(THE_ARCHIVE) as work:
        for entry_id, dossier_id in work.session.execute(query.execution_options(yield_per=BATCH)):
            wanted = str(entry_id)
            while current is not None and current < wanted:
                current = next(held, None)
            if current != wanted:
                yield dossier_id


def _batches(keys: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(sorted(keys))
    while batch := list(islice(rest, BATCH)):
        yield batch
