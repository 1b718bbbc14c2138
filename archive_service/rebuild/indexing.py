"""The new index: every living dossier written into it from the new catalogue and the texts kept in its AIP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import delete, select

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import insert_rows
from archive_service.kernel.memory import give_memory_back
from archive_service.rebuild.checkpoint import Checkpoint
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.work import Archive
from preservation.models import Dossier, DossierState, Indexed
from preservation.reading.find import entries_of
from search.index import Rebuild

BATCH = 500


def bring_index(
    target: Archive, report: RebuildReport, progress: Progress, checkpoint: Checkpoint
) -> Rebuild:
    """A filled index beside the live one; `publish` puts it in its place. What an interrupted one held is left behind."""
    checkpoint.reached("index", report)
    with target.work(OPERATOR) as work:
        work.session.execute(delete(Indexed))
    handle, done = target.index.rebuild(), 0
    for dossiers in _living(target):
        lacking: list[tuple[Dossier, str]] = []
        handle.write(entries_of(target, dossiers, lacking))
        for dossier, path in lacking:
            report.miss(f"{dossier.object_id}: {path}")
        # What came without its text is indexed again when the other roots are back.
        owed = {dossier.id for dossier, _ in lacking}
        rows = [{"dossier_id": d.id, "revision": -1 if d.id in owed else d.revision} for d in dossiers]
        with target.work(OPERATOR) as work:
            insert_rows(work.session, Indexed, rows)
        done += len(dossiers)
        give_memory_back()
        progress("index", done, report.dossiers)
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
