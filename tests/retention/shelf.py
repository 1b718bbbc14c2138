"""Dossiers on the shelf, and a list taken through its hands: what the tests of retention stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.models import Copy, Dossier
from preservation.ocfl.layout import object_path
from retention.destruction.decide import Minutes, decide_destruction
from retention.destruction.execute import execute_destruction, start_execution
from retention.destruction.propose import propose_destruction, send_for_review
from retention.destruction.review import answer_entries, send_on
from retention.destruction.stop import stop_destruction
from retention.holds import HoldOrder, place_hold
from retention.models import Answer, DestructionEntry, DestructionList
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
            "submission": {"sip_id": str(uuid4())},
            "accepted_at": house.clock.now(),
            "document_count": 3,
            "byte_count": 1000,
            **changes,
        }
    )
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(row)
        work.session.flush()
        for root, store in house.archive.stores.items():
            work.session.add(Copy(dossier_id=key, root_id=root, next_check=house.clock.now()))
            store.put(f"{object_path(row.object_id)}/v1/content/paper.pdf", b"bytes of " + key.bytes)
    return key


def bytes_left(house: House, dossier_id: UUID) -> list[str]:
    """The roots that still hold something of the dossier."""
    place = object_path(f"urn:uuid:{dossier_id}")
    return [root for root, store in house.archive.stores.items() if any(store.list(place))]


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

    def start(self, list_id: UUID, who: str = "executor", typed: str | None = None) -> None:
        number = self.listed(list_id).number if typed is None else typed
        with self.house.archive.work(self.house.actor(who)) as work:
            start_execution(work, list_id, number)

    def started(self, *dossiers: UUID) -> UUID:
        """A list whose waiting period is over and whose execution was started; nothing is erased yet."""
        list_id = self.decided(*dossiers)
        self.house.clock.advance(days=8)
        self.start(list_id)
        return list_id

    def execute(self, list_id: UUID) -> None:
        """What the queued job does."""
        execute_destruction(self.house.archive, str(list_id))

    def stop(self, list_id: UUID, who: str = "head", reason: str = "Cần xem lại") -> None:
        with self.house.archive.work(self.house.actor(who)) as work:
            stop_destruction(work, list_id, reason)

    def hold(self, dossier_id: UUID) -> None:
        order = HoldOrder("44/CV-TTr", date(2026, 3, 1), "Phục vụ thanh tra", dossier_id=dossier_id)
        with self.house.archive.work(self.house.actor("records_manager")) as work:
            place_hold(work, order)

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
