"""Dossiers on the shelf, and a list taken through its hands: what the tests of retention stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from preservation.models import Dossier
from retention.destruction.decide import Minutes, decide_destruction
from retention.destruction.propose import propose_destruction, send_for_review
from retention.destruction.review import answer_entries, send_on
from retention.models import Answer, DestructionEntry, DestructionList
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from tests.archives import House

MINUTES = Minutes("05/BB-HĐ", date(2026, 2, 20), b"%PDF-1.7 minutes of the council")


def shelve(house: House, **changes: Any) -> UUID:
    """A stored dossier that ended in 2010 and is kept for ten years: due since 2021 unless a keyword says otherwise."""
    key = uuid4()
    row = Dossier(
        **{
            "id": key,
            "agency_id": house.agency.id,
            "unit_id": house.unit.id,
            "fonds_id": house.fonds.id,
            "code": f"H99.2010.{key.hex[-8:]}",
            "title": "Hồ sơ tuyển dụng công chức năm 2010",
            "title_key": "",
            "regime": "TT02_2019",
            "maintenance": "10 năm",
            "end_date": date(2010, 5, 3),
            "object_id": f"urn:uuid:{key}",
            "inventory_digest": key.hex * 4,
            "accepted_at": house.clock.now(),
            "document_count": 3,
            "byte_count": 1000,
            **changes,
        }
    )
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(row)
    return key


@dataclass(slots=True)
class Hands:
    """The four people of `tests.archives`, each doing one step on one list."""

    house: House

    def propose(self, *dossiers: UUID, who: str = "records_manager") -> UUID:
        with self.house.archive.work(self.house.actor(who)) as work:
            return propose_destruction(work, dossiers, explanation="Tài liệu hết thời hạn.").id

    def send(self, list_id: UUID, who: str = "records_manager") -> None:
        with self.house.archive.work(self.house.actor(who)) as work:
            send_for_review(work, list_id)

    def answer(
        self, list_id: UUID, answer: Answer = Answer.destroy, who: str = "council_member", **more: Any
    ) -> None:
        ids = [entry.id for entry in self.entries(list_id)]
        with self.house.archive.work(self.house.actor(who)) as work:
            answer_entries(work, list_id, ids, answer, **more)

    def send_on(self, list_id: UUID, who: str = "council_member") -> None:
        with self.house.archive.work(self.house.actor(who)) as work:
            send_on(work, list_id)

    def decide(self, list_id: UUID, minutes: Minutes = MINUTES, who: str = "head") -> DestructionList:
        actor = self.house.actor(who)
        return decide_destruction(self.house.archive, actor, list_id, minutes, decision_number="12/QĐ-SNV")

    def reviewed(self, *dossiers: UUID) -> UUID:
        """A list that waits for the head."""
        list_id = self.propose(*dossiers)
        self.send(list_id)
        self.answer(list_id)
        self.send_on(list_id)
        return list_id

    def decided(self, *dossiers: UUID) -> UUID:
        """A list in its waiting period."""
        list_id = self.reviewed(*dossiers)
        self.decide(list_id)
        return list_id

    def entries(self, list_id: UUID) -> list[DestructionEntry]:
        with self.house.archive.look(THE_ARCHIVE) as work:
            query = select(DestructionEntry).where(DestructionEntry.list_id == list_id)
            return list(work.session.scalars(query.order_by(DestructionEntry.id)))

    def entry(self, list_id: UUID) -> DestructionEntry:
        (only,) = self.entries(list_id)
        return only

    def listed(self, list_id: UUID) -> DestructionList:
        with self.house.archive.look(THE_ARCHIVE) as work:
            return work.session.get_one(DestructionList, list_id)

    def dossier(self, dossier_id: UUID) -> Dossier:
        with self.house.archive.look(THE_ARCHIVE) as work:
            return work.session.get_one(Dossier, dossier_id)
