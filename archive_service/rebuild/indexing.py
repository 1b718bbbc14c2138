"""The new index: every living dossier written into it from the new catalogue and the texts kept in its AIP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import OPERATOR
from archive_service.rebuild.report import Progress
from archive_service.work import Archive
from preservation.find import entries_of
from preservation.models import Dossier, DossierState, Indexed
from search.index import IndexEntry, Rebuild

BATCH = 50


def bring_index(target: Archive, progress: Progress) -> Rebuild:
    """A filled index beside the live one; `publish` puts it in its place."""
    handle, done = target.index.rebuild(), 0
    for dossiers in _living(target):
        handle.write(_entries(target, dossiers))
        with target.work(OPERATOR) as work:
            work.session.add_all(Indexed(dossier_id=d.id, revision=d.revision) for d in dossiers)
        done += len(dossiers)
        progress("index", done)
    return handle


def _living(target: Archive) -> Iterator[Sequence[Dossier]]:
    after = UUID(int=0)
    while True:
        with target.look(OPERATOR) as work:
            page = work.session.scalars(
                select(Dossier)
                .where(Dossier.id > after, Dossier.state != DossierState.destroyed)
                .order_by(Dossier.id)
                .limit(BATCH)
            ).all()
        if not page:
            return
        yield page
        after = page[-1].id


def _entries(target: Archive, dossiers: Sequence[Dossier]) -> Iterator[IndexEntry]:
    for dossier in dossiers:
        yield from entries_of(target, dossier)
