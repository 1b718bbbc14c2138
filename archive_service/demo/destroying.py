"""An expired dossier goes through four people's hands, and is proven gone."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select

from archive_service.demo.documents import born_digital, write_paper
from archive_service.demo.labour import work_off
from archive_service.demo.people import organisation
from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import vietnam_date
from preservation.models import Dossier, ErasureReceipt
from retention.assess import assess_owed
from retention.destruction.certificate import place_name
from retention.destruction.decide import Minutes, decide_destruction
from retention.destruction.execute import start_execution
from retention.destruction.propose import propose_destruction, send_for_review
from retention.destruction.review import answer_entries, send_on
from retention.models import Answer, DestructionEntry, DestructionList

MANAGER, REVIEWER, HEAD, EXECUTOR = "phutrach", "hoidong1", "thutruong", "nguoihuy"
EXPIRED = "08.VHTT"
"""Five years from 2017: over since 31/12/2022."""
IN_REVIEW = "01.TCKH"
"""On a second list that stays with the council, so that there is something to try."""


def destroy_one(stage: Stage, teller: Teller) -> None:
    """Proposed, reviewed, decided with the council's minutes, waited for, executed, certified."""
    teller.act(
        "Hủy hồ sơ hết thời hạn qua bốn người",
        "An expired dossier goes through four people's hands",
        "/destruction",
    )
    assess_owed(stage.archive)
    dossier = dossier_of(stage, EXPIRED)
    listed = _propose(stage, dossier)
    teller.result(
        f"Người phụ trách lập danh mục {listed.number}: {dossier.title}",
        f"The records manager draws up list {listed.number}: {dossier.code}",
    )
    stage.days_later(2)
    _review(stage, listed.id)
    teller.result("Hội đồng xét: đồng ý hủy", "A council member answers: destroy")
    stage.days_later(2)
    listed = _decide(stage, listed)
    until = f"{vietnam_date(listed.not_before or stage.clock.now()):%d/%m/%Y}"
    teller.result(
        f"Người đứng đầu ký quyết định {listed.decision_number}; chờ đến {until}",
        f"The head signs decision {listed.decision_number}; it waits until {until}",
    )
    stage.days_later(stage.archive.settings.waiting_days + 1)
    with stage.archive.work(stage.actor(EXECUTOR)) as work:
        start_execution(work, listed.id, listed.number)
    work_off(stage.archive, teller, "Xóa mọi bản, chỉ mục, cơ sở dữ liệu", "Erasing copies, index, rows")
    _tell_end(stage, teller, listed.id, dossier.id)


def leave_one_in_review(stage: Stage, teller: Teller) -> None:
    listed = _propose(stage, dossier_of(stage, IN_REVIEW))
    teller.result(
        f"Danh mục {listed.number} đang chờ Hội đồng xét",
        f"List {listed.number} waits for the council's review",
    )


def dossier_of(stage: Stage, notation: str) -> Dossier:
    with stage.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Dossier).where(Dossier.code.endswith(notation))).one()


def _propose(stage: Stage, dossier: Dossier) -> DestructionList:
    why = "Hồ sơ đã hết thời hạn bảo quản, không còn giá trị thực tiễn và lịch sử."
    with stage.archive.work(stage.actor(MANAGER)) as work:
        listed = propose_destruction(work, [dossier.id], explanation=why)
        return send_for_review(work, listed.id)


def _review(stage: Stage, list_id: UUID) -> None:
    with stage.archive.work(stage.actor(REVIEWER)) as work:
        entries = work.session.scalars(
            select(DestructionEntry.id).where(DestructionEntry.list_id == list_id)
        ).all()
        answer_entries(work, list_id, entries, Answer.destroy)
        send_on(work, list_id)


def _decide(stage: Stage, listed: DestructionList) -> DestructionList:
    day = vietnam_date(stage.clock.now() - timedelta(days=1))
    agency = organisation().agency("noi-vu")
    about = f"Họp Hội đồng xác định giá trị tài liệu về danh mục tài liệu hết giá trị số {listed.number}"
    paper = write_paper("BB", 3, day, about, agency, "VTLT", "cai_cach_luu_tru", Random(3))  # noqa: S311
    signers = stage.seals.for_document(agency, day, outsider=False)
    minutes = Minutes(f"{paper.number}/{paper.symbol}", day, born_digital(paper, *signers))
    head = stage.actor(HEAD)
    return decide_destruction(stage.archive, head, listed.id, minutes, decision_number="27/QĐ-SNV")


def _tell_end(stage: Stage, teller: Teller, list_id: UUID, dossier_id: UUID) -> None:
    with stage.archive.look(THE_ARCHIVE) as work:
        listed = work.session.get_one(DestructionList, list_id)
        query = select(ErasureReceipt.place).where(ErasureReceipt.dossier_id == dossier_id)
        places = sorted(work.session.scalars(query.where(ErasureReceipt.gone_at.is_not(None))))
    teller.result(
        f"{len(places)}/{len(places)} nơi báo đã xóa hết: {', '.join(map(place_name, places))}",
        f"Gone, and reported so by all {len(places)} places: {', '.join(places)}",
    )
    digest = listed.certificate_sha256
    teller.result(f"Biên bản hủy (PDF/A), SHA-256 {digest}", f"Certificate (PDF/A), SHA-256 {digest}")
