"""The new index: every living dossier written into it from the new catalogue and the texts kept in its AIP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import OPERATOR
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.work import Archive
from preservation.models import Dossier, DossierState, Indexed
from preservation.reading.find import entries_of
from search.index import IndexEntry, Rebuild

BATCH = 50


def bring_index(target: Archive, report: RebuildReport, progress: Progress) -> Rebuild:
    """A filled index beside the live one; `publish` puts it in its place."""
    handle, done = target.index.rebuild(), 0
    for dossiers in _living(target):
        owed: set[UUID] = set()
        handle.write(_entries(target, dossiers, owed, report))
        with target.work(OPERATOR) as work:
            for each in dossiers:
                # What came without its text is indexed again when the other roots are back.
                known = -1 if each.id in owed else each.revision
                work.session.add(Indexed(dossier_id=each.id, revision=known))
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


def _entries(
    target: Archive, dossiers: Sequence[Dossier], owed: set[UUID], report: RebuildReport
) -> Iterator[IndexEntry]:
    for dossier in dossiers:
        lacking: list[str] = []
        yield from entries_of(target, dossier, lacking)
        for path in lacking:
            owed.add(dossier.id)
            report.miss(f"{dossier.object_id}: {path}")
