"""Receipts, tombstones, lists and their papers against each other, and against what lies in the roots."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.jobs import OPEN, Job, JobState
from archive_service.work import Archive
from preservation.invariants.breach import PAGE, Breach
from preservation.models import Dossier, DossierState, ErasureReceipt
from preservation.ocfl.layout import object_path
from preservation.system.store import online_stores
from retention.destruction.execute import UNDER_WAY
from retention.destruction.papers import list_papers, load_paper
from retention.destruction.receipts import lost_receipts, missing_receipts
from retention.models import DestructionEntry, DestructionList, EntryState, ListState


def certificates_are_true(archive: Archive) -> Iterator[Breach]:
    """A certified list owes nothing, has the receipts that the log tells of, and its entries are tombstones or left."""
    with archive.look(THE_ARCHIVE) as work:
        ids = work.session.scalars(select(DestructionList.id).order_by(DestructionList.id)).all()
    for list_id in ids:
        with archive.look(THE_ARCHIVE) as work:
            listed = work.session.get_one(DestructionList, list_id)
            if listed.state is ListState.certified:
                owed = missing_receipts(work.session, list_id)
                for code, place in owed:
                    yield Breach("certificate-with-debts", f"{listed.number} {code}", "", place)
                for code, place in lost_receipts(work.session, list_id):
                    if (code, place) not in owed:
                        yield Breach("receipt-lost", f"{listed.number} {code}", "", place)
            if listed.state in UNDER_WAY:
                waiting = select(Job.id).where(
                    Job.kind == "execute_destruction",
                    Job.subject_id == str(list_id),
                    Job.state.in_((*OPEN, JobState.running)),
                )
                if work.session.scalars(waiting.limit(1)).first() is None:
                    yield Breach("execution-without-job", listed.number, listed.state.value)
            gone = (
                select(Dossier.code, Dossier.state)
                .join(DestructionEntry, DestructionEntry.dossier_id == Dossier.id)
                .where(DestructionEntry.list_id == list_id, DestructionEntry.state == EntryState.gone)
                .where(Dossier.state != DossierState.destroyed)
            )
            for code, state in work.session.execute(gone):
                yield Breach("entry-gone-dossier-there", f"{listed.number} {code}", state.value, "destroyed")


def receipts_are_true(archive: Archive) -> Iterator[Breach]:
    """A copy that reported itself gone is in no root: looked at again, for as long as there are tombstones."""
    stores, last = online_stores(archive), (UUID(int=0), "")
    while True:
        with archive.look(THE_ARCHIVE) as work:
            after = (ErasureReceipt.dossier_id > last[0]) | (
                (ErasureReceipt.dossier_id == last[0]) & (ErasureReceipt.place > last[1])
            )
            page = work.session.execute(
                select(
                    ErasureReceipt.dossier_id, ErasureReceipt.place, ErasureReceipt.gone_at, Dossier.object_id
                )
                .join(Dossier, Dossier.id == ErasureReceipt.dossier_id)
                .where(after)
                .order_by(ErasureReceipt.dossier_id, ErasureReceipt.place)
                .limit(PAGE)
            ).all()
        if not page:
            return
        for dossier_id, place, gone_at, object_id in page:
            store = stores.get(place.removeprefix("copy:")) if place.startswith("copy:") else None
            if gone_at is not None and store is not None and next(store.list(object_path(object_id)), None):
                yield Breach("erased-still-there", f"{dossier_id} {place}", "", gone_at.isoformat())
        last = (page[-1][0], page[-1][1])


def papers_are_there(archive: Archive) -> Iterator[Breach]:
    """Minutes and certificates in staging, byte for byte."""
    with archive.look(THE_ARCHIVE) as work:
        papers = list(list_papers(work))
    for paper in papers:
        try:
            load_paper(archive, paper)
        except TryLater:
            yield Breach("paper-damaged", paper.name, "", paper.sha256)
