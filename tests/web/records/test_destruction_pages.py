"""From the due list to the certificate by four people at their browsers, without script; and every refusal on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job
from archive_service.worker import drain, run_job
from retention.assess import assess_owed
from retention.destruction.review import answer_entries
from retention.models import Answer, DestructionList
from tests.archives import PASSWORD, House
from tests.retention.shelf import Hands, shelve
from tests.web.visits import Browser, sheet_of, text_of

Visit = Callable[..., Browser]
MINUTES = ("bien-ban.pdf", b"%PDF-1.7 minutes of the council", "application/pdf")
SIGNED = {
    "minutes_number": "05/BB-HĐ",
    "minutes_date": "20/2/2026",
    "decision_number": "88/QĐ-SNV",
    "password": PASSWORD,
}


@pytest.fixture
def due(house: House) -> UUID:
    """A dossier that is due, its term computed."""
    dossier_id = shelve(house)
    assess_owed(house.archive)
    return dossier_id


def sign(head: Browser, page: str, **changes: str) -> object:
    """Fills in the decision with its paper; a form with a file is multipart."""
    fields = {**head.form_of(page, page), **SIGNED, **changes}
    return head.post(page, data=fields, files={"minutes": MINUTES})


def test_four_people_take_a_dossier_from_due_to_its_certificate(
    house: House,
    visit: Visit,
    due: UUID,
) -> None:
    manager, council, head, executor = (
        visit(name) for name in ("records_manager", "council_member", "head", "executor")
    )
    assert "Hồ sơ hết thời hạn bảo quản: 1" in text_of(manager.get("/retention"))
    made = manager.submit("/retention/list", manager_action(manager), explanation="Tài liệu hết thời hạn.")
    page = made.headers["location"]
    assert manager.submit(page, f"{page}/send").status_code == 303
    assert "Danh mục 01/2026 Đang xem xét lại đang chờ" in text_of(manager.get("/retention"))
    assert "Danh mục đang chờ Ông/Bà: 1" in text_of(council.get("/destruction?turn=me"))
    answers = f"{page}/answers"
    council.submit(f"{answers}?all=unanswered", answers, answer="destroy")
    assert council.submit(f"{page}/send-on").status_code == 303
    signed = sign(head, f"{page}/decision")
    assert signed.status_code == 303  # type: ignore[attr-defined]
    assert "Chưa thực hiện được" in text_of(executor.get(f"{page}/execution"))
    house.clock.advance(days=8)
    executor = visit("executor")
    started = executor.submit(f"{page}/execution", number="01/2026", password=PASSWORD)
    assert started.status_code == 303
    drain(house.archive)
    assert "Đã hủy xong ở mọi nơi lưu" in text_of(executor.get(f"{page}/execution"))
    assert f"/dossiers/{due}/retention" not in manager.get(page).text, "a link to a page that is no more"
    executor.get("/preferences/language/en")
    assert "Search index" in text_of(executor.get(f"{page}/execution"))
    assert executor.get(f"{page}/papers/certificate").content.startswith(b"%PDF")
    assert "đã hủy lúc" in text_of(visit("records_manager").get(f"/dossiers/{due}"))


def manager_action(manager: Browser) -> str:
    """Where the proposal's form posts: the filter is part of the address."""
    html = manager.get("/retention/list").text
    return html.split('<form class="decision" method="post" action="')[1].split('"')[0].replace("&amp;", "&")


@pytest.fixture
def reviewed(hands: Hands, due: UUID) -> str:
    """The page of a list that waits for the head."""
    return f"/destruction/{hands.reviewed(due)}"


def test_whoever_drew_up_a_list_is_told_who_may_review_it(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    list_id = hands.propose(due, who="records_manager")
    hands.send(list_id)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(
            DestructionList.__table__.update().values(proposed_by=house.people["council_member"].id)
        )
    refused = visit("council_member").get(f"/destruction/{list_id}/answers?all=unanswered")
    assert refused.status_code == 403
    assert "Ông/Bà đã lập danh mục này nên không được xem xét lại. Người có quyền" in text_of(refused)


def test_a_decision_without_the_minutes_keeps_what_was_typed(visit: Visit, reviewed: str) -> None:
    head, page = visit("head"), f"{reviewed}/decision"
    assert re.search(r"Xem xét lại [^,]+, \d\d/\d\d/\d{4}", text_of(head.get(page))), "who answered for it"
    answer = head.submit(page, **{**SIGNED, "minutes_number": "05/BB-HĐ"})
    assert answer.status_code == 422
    assert "Đính kèm biên bản họp Hội đồng" in text_of(answer)
    assert "05/BB-HĐ" in answer.text and PASSWORD not in answer.text


def test_a_decision_with_a_wrong_password_signs_nothing(
    house: House,
    visit: Visit,
    reviewed: str,
) -> None:
    answer = sign(visit("head"), f"{reviewed}/decision", password="Sai-mat-khau-1")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert state_of(house) == "awaiting_decision"


def state_of(house: House) -> str:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(DestructionList.state)).one().value


def test_a_hold_between_the_page_and_the_signature_is_seen_before_signing(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
    reviewed: str,
) -> None:
    head, page = visit("head"), f"{reviewed}/decision"
    fields = {**head.form_of(page, page), **SIGNED}
    hands.hold(due)
    answer = head.post(page, data=fields, files={"minutes": MINUTES})
    assert answer.status_code == 409
    assert "Danh mục đã thay đổi từ lúc Ông/Bà xem" in text_of(answer)
    assert state_of(house) == "awaiting_decision"


def test_a_stale_page_sends_nothing_on(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    list_id = hands.propose(due)
    hands.send(list_id)
    hands.answer(list_id)
    council, page = visit("council_member"), f"/destruction/{list_id}/send-on"
    fields = council.form_of(page, page)
    hands.answer(list_id, Answer.permanent, reason="Có giá trị lịch sử")
    assert council.post(page, data=fields).status_code == 409
    assert state_of(house) == "reviewing"


def test_answers_that_changed_places_make_a_page_stale(house: House, visit: Visit, hands: Hands) -> None:
    list_id = hands.propose(shelve(house), shelve(house))
    hands.send(list_id)
    hands.answer(list_id)
    one, two = hands.entries(list_id)
    council = house.actor("council_member")

    def keep(entry: UUID, other: UUID) -> None:
        with house.archive.work(council) as work:
            answer_entries(work, list_id, [entry], Answer.taken_out, reason="Còn dùng")
            answer_entries(work, list_id, [other], Answer.destroy)

    keep(one.id, two.id)
    browser, page = visit("council_member"), f"/destruction/{list_id}/send-on"
    fields = browser.form_of(page, page)
    keep(two.id, one.id)
    assert browser.post(page, data=fields).status_code == 409


def test_a_list_that_may_be_executed_says_so_and_by_whom(
    house: House, visit: Visit, hands: Hands, due: UUID
) -> None:
    page = f"/destruction/{hands.decided(due)}"
    assert "Trong thời gian chờ" in text_of(visit("head").get(page))
    assert "Hủy muộn nhất ngày 17/03/2026" in text_of(visit("head").get(f"{page}/decision"))
    house.clock.advance(days=8)
    head = visit("head")
    assert "Danh mục tài liệu hết thời hạn lưu trữ, trùng lặp 01/2026 Chờ thực hiện" in text_of(
        head.get(page)
    )
    assert "Chờ người thực hiện bắt đầu: Người executor." in text_of(head.get(f"{page}/execution"))


def test_an_execution_that_fails_on_our_side_is_told_as_our_fault(
    house: House, visit: Visit, hands: Hands, due: UUID
) -> None:
    list_id = hands.started(due)
    house.archive.staging.delete(hands.listed(list_id).minutes_key)
    with house.archive.look(THE_ARCHIVE) as work:
        (job,) = work.session.scalars(select(Job.id).where(Job.kind == "execute_destruction"))
    run_job(house.archive, job)
    told = text_of(visit("head").get(f"/destruction/{list_id}/execution"))
    assert "Hệ thống của kho gặp lỗi khi hủy theo danh mục này." in told


def test_the_head_reads_the_explanation_where_the_decision_is_signed(visit: Visit, reviewed: str) -> None:
    assert "Tài liệu hết thời hạn." in text_of(visit("head").get(f"{reviewed}/decision"))


def test_a_wrong_list_number_starts_nothing(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    list_id = hands.decided(due)
    house.clock.advance(days=8)
    page = f"/destruction/{list_id}/execution"
    answer = visit("executor").submit(page, number="02/2026", password=PASSWORD)
    assert answer.status_code == 422
    assert "Số danh mục nhập vào không đúng" in text_of(answer)
    assert state_of(house) == "waiting"


def test_the_same_form_twice_starts_once(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    list_id = hands.decided(due)
    house.clock.advance(days=8)
    executor, page = visit("executor"), f"/destruction/{list_id}/execution"
    fields = {**executor.form_of(page, page), "number": "01/2026", "password": PASSWORD}
    assert [executor.post(page, data=fields).status_code for _ in range(2)] == [303, 303]


def test_the_waiting_period_can_be_stopped_with_a_reason(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    list_id = hands.decided(due)
    page = f"/destruction/{list_id}/stop"
    assert visit("council_member").submit(page, reason="").status_code == 422
    assert visit("council_member").submit(page, reason="Cần xem lại").status_code == 303
    assert state_of(house) == "stopped"
    said = text_of(visit("council_member").get(f"/destruction/{list_id}"))
    assert "1 hồ sơ" in said and "hủy 1; đã rời danh mục 1." in said and "0 hồ sơ" not in said


def test_a_hold_is_lifted_by_a_second_person_only(
    house: House,
    visit: Visit,
    due: UUID,
) -> None:
    manager = visit("records_manager")
    made = manager.submit(
        "/holds/new", number="04/QĐ-TTr", on="1/3/2026", reason="Thanh tra", words="tuyển dụng"
    )
    page = made.headers["location"]
    manager.submit(page, f"{page}/request-lift", reason="Thanh tra đã xong")
    assert "cần người thứ hai" in text_of(manager.get(page))
    assert visit("head").submit(page, f"{page}/lift", password=PASSWORD).status_code == 303
    assert "đã gỡ" in text_of(manager.get(page))


def test_a_hold_takes_its_dossier_out_of_the_due_list_proposal(
    house: House,
    visit: Visit,
    hands: Hands,
    due: UUID,
) -> None:
    hands.hold(due)
    manager = visit("records_manager")
    assert "44/CV-TTr" in text_of(manager.get("/retention"))
    assert "Không còn hồ sơ nào đủ điều kiện" in text_of(manager.get("/retention/list"))


def test_a_reader_finds_no_page_of_destruction(visit: Visit) -> None:
    reader = visit("reader")
    assert {reader.get(page).status_code for page in ("/retention", "/holds", "/destruction")} == {403}


def test_the_sheet_of_what_is_due_names_units_and_no_id(visit: Visit, due: UUID) -> None:
    head, row = sheet_of(visit("records_manager").get("/retention?format=xlsx"))
    assert len(str(row[head.index("Đơn vị")])) != len(str(due))
