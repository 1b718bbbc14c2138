"""The officer's day without script: from the sign-in page to the accepted package, and what stops it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.events import Verb
from archive_service.kernel.findings import Severity
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.log import LogEntry
from archive_service.worker import drain
from ingest.models import Sip, SipFinding, SipState
from ingest.receive import receive_sip
from tests.archives import PASSWORD, House
from tests.builders import CODE, BagBuilder
from tests.web.visits import Browser, hidden_fields, text_of

Visit = Callable[..., Browser]
REASON = "Thiếu phụ lục kèm theo văn bản 02."


def submitted(house: House, folder: Path, **broken: Any) -> UUID:
    """A package of the producer, really checked."""
    path = BagBuilder(**broken).zip(folder / "goi.zip")
    with path.open("rb") as stream:
        receipt = receive_sip(
            house.archive, house.actor("producer"), stream, name=path.name, media_type="application/zip"
        )
    drain(house.archive)
    return receipt.sip_id


def waiting(house: House, code: str = CODE, *, warnings: int = 0) -> UUID:
    """A package as it stands after its check: only its rows, for pages that reach nothing else."""
    with house.archive.work(THE_ARCHIVE) as work:
        now = work.now()
        sip = Sip(
            state=SipState.awaiting_decision,
            submitted_by=house.people["producer"].id,
            agency_id=house.agency.id,
            unit_id=house.unit.id,
            fonds_id=house.fonds.id,
            dossier_code=code,
            title="Tập lưu tờ trình",
            container_name="goi.zip",
            media_type="application/zip",
            container_size=1,
            container_sha256=hashlib.sha256(code.encode()).hexdigest(),
            staged_key="",
            received_raw=now,
            received_legal=now,
            due_at=now + timedelta(days=3),
            checked_at=now,
            warnings=warnings,
        )
        work.session.add(sip)
        work.session.flush()
        work.session.add_all(
            SipFinding(sip_id=sip.id, number=number, code="malware-not-scanned", severity=Severity.warning)
            for number in range(1, warnings + 1)
        )
    return sip.id


def sip_of(house: House, sip_id: UUID) -> Sip:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Sip, sip_id)


def warnings_of(house: House, sip_id: UUID) -> Sequence[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        numbers = select(SipFinding.number).where(
            SipFinding.sip_id == sip_id, SipFinding.severity == "warning"
        )
        return [str(number) for number in work.session.scalars(numbers)]


def decisions(house: House) -> int:
    with house.archive.look(THE_ARCHIVE) as work:
        verbs = (Verb.sip_accepted.value, Verb.sip_returned.value)
        return work.session.scalar(select(func.count()).where(LogEntry.verb.in_(verbs))) or 0


def test_an_officer_goes_from_signing_in_to_a_stored_dossier(
    visit: Visit, house: House, tmp_path: Path
) -> None:
    sip_id, stranger = submitted(house, tmp_path), visit()
    assert stranger.sign_in("officer").headers["location"] == "/sips"
    assert f"/sips/{sip_id}" in stranger.get("/sips").text
    address = f"/sips/{sip_id}/accept"
    assert address in stranger.get(f"/sips/{sip_id}").text
    done = stranger.submit(address, seen=warnings_of(house, sip_id))
    assert (done.status_code, done.headers["location"]) == (303, "/sips")
    drain(house.archive)
    assert sip_of(house, sip_id).state is SipState.stored
    assert "2/2 bản khớp" in text_of(stranger.get(f"/sips/{sip_id}"))


def test_the_warnings_must_be_seen_before_accepting(visit: Visit, house: House) -> None:
    sip_id = waiting(house, warnings=2)
    refused = visit("officer").submit(f"/sips/{sip_id}/accept")
    assert refused.status_code == 422 and "cảnh báo chưa xem" in text_of(refused)


def test_a_package_with_errors_cannot_be_accepted(visit: Visit, house: House, tmp_path: Path) -> None:
    sip_id = submitted(house, tmp_path, dossier={"Title": None})
    officer = visit("officer")
    assert f"/sips/{sip_id}/accept" not in officer.get(f"/sips/{sip_id}").text
    assert officer.get(f"/sips/{sip_id}/accept").status_code == 409


def test_the_prepared_reason_names_the_errors(visit: Visit, house: House, tmp_path: Path) -> None:
    sip_id = submitted(house, tmp_path, dossier={"Title": None})
    assert "Gói có 1 lỗi phải sửa" in visit("officer").get(f"/sips/{sip_id}/return").text


def test_a_return_without_reason_keeps_what_was_typed(visit: Visit, house: House) -> None:
    sip_id = waiting(house)
    shown = visit("officer").submit(f"/sips/{sip_id}/return", reason="ngắn", answers_for="Bà Hoa")
    assert shown.status_code == 422 and "Bà Hoa" in shown.text and "ngắn" in shown.text
    assert "<title>Lỗi: " in shown.text


def test_a_double_click_decides_once(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), visit("officer")
    form = officer.form_of(f"/sips/{sip_id}/return", f"/sips/{sip_id}/return") | {"reason": REASON}
    first = officer.post(f"/sips/{sip_id}/return", data=form)
    second = officer.post(f"/sips/{sip_id}/return", data=form)
    assert [each.headers["location"] for each in (first, second)] == ["/sips", "/sips"]
    assert decisions(house) == 1
    assert "Đã trả lại" in text_of(officer.get("/sips"))


def test_of_two_officers_the_slower_is_told_who_was_faster(visit: Visit, house: House) -> None:
    sip_id, one, other = waiting(house), visit("officer"), visit("officer")
    address = f"/sips/{sip_id}/return"
    stale = other.form_of(address, address)
    one.submit(address, reason=REASON)
    late = other.post(address, data={**stale, "reason": REASON})
    assert late.status_code == 409 and "Người officer" in text_of(late)
    assert decisions(house) == 1


def test_what_was_typed_survives_the_end_of_the_session(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), visit("officer")
    address = f"/sips/{sip_id}/return"
    form = officer.form_of(address, address) | {"reason": REASON}
    house.clock.advance(hours=house.archive.settings.session_hours)
    ended = officer.post(address, data=form)
    assert ended.status_code == 401 and decisions(house) == 0
    fields = hidden_fields(ended.text, "/login")
    back = officer.sign_in("officer", next=fields["next"], kept=fields["kept"])
    assert back.headers["location"] == address
    assert REASON in officer.get(address).text


def test_after_a_while_deciding_asks_for_the_password(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), visit("officer")
    address = f"/sips/{sip_id}/return"
    house.clock.advance(minutes=house.archive.settings.password_minutes + 1)
    assert 'name="password"' in officer.get(address).text
    assert officer.submit(address, reason=REASON).status_code == 422
    assert officer.submit(address, reason=REASON, password="sai").status_code == 422
    assert officer.submit(address, reason=REASON, password=PASSWORD).status_code == 303


def test_a_decision_without_the_sessions_token_is_none(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), visit("officer")
    address = f"/sips/{sip_id}/return"
    form = officer.form_of(address, address) | {"reason": REASON, "csrf": ""}
    assert officer.post(address, data=form).status_code == 403
    assert decisions(house) == 0


def test_an_officer_of_another_unit_sees_nothing_of_it(visit: Visit, house: House) -> None:
    sip_id, other = waiting(house), visit("other_officer")
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Sip, sip_id).fonds_id = None
    inbox = text_of(other.get("/sips?group=everything"))
    assert "Gói chờ quyết định: 0" in inbox and "tờ trình" not in inbox
    missing = other.get("/sips/01900000-0000-7000-8000-000000000000").text
    for path in ("", "/findings", "/accept", "/return"):
        answer = other.get(f"/sips/{sip_id}{path}")
        assert answer.status_code == 404
    assert len(other.get(f"/sips/{sip_id}").text) == len(missing)


@pytest.mark.parametrize("who", ["administrator", "auditor", "reader", "executor"])
def test_others_see_neither_inbox_nor_title(visit: Visit, house: House, who: str) -> None:
    sip_id, browser = waiting(house), visit(who)
    assert browser.get("/sips").status_code == 403
    assert browser.get(f"/sips/{sip_id}").status_code == 404


def test_clean_packages_are_accepted_together(visit: Visit, house: House) -> None:
    clean = waiting(house)
    warned = waiting(house, "000.00.12.H43.2020.32.TTr", warnings=1)
    officer = visit("officer")
    page = officer.get(f"/sips/accept?id={clean}&id={warned}")
    assert "Tiếp nhận 1 gói" in text_of(page) and "có cảnh báo phải xem từng gói" in text_of(page)
    officer.submit(f"/sips/accept?id={clean}&id={warned}", "/sips/accept")
    assert sip_of(house, clean).state is SipState.accepted
    assert sip_of(house, warned).state is SipState.awaiting_decision


def test_our_fault_stands_beside_the_state_and_asks_nothing_of_the_sender(
    visit: Visit, house: House, tmp_path: Path
) -> None:
    sip_id = submitted(house, tmp_path)
    with house.archive.work(THE_ARCHIVE) as work:
        job = work.session.scalars(select(Job).where(Job.kind == "process_sip")).one()
        job.state, job.incident = JobState.stuck, "K7Q2-91"
    told = text_of(visit("producer").get(f"/sips/{sip_id}"))
    assert "K7Q2-91" in told and "không cần nộp lại" in told and "Lỗi hệ thống" in told


def test_a_producer_sees_only_what_that_account_sent(visit: Visit, house: House) -> None:
    sip_id, producer = waiting(house), visit("producer")
    assert producer.get("/").headers["location"] == "/submissions"
    assert f"/sips/{sip_id}" in producer.get("/submissions").text
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Sip, sip_id).submitted_by = house.people["officer"].id
    assert f"/sips/{sip_id}" not in producer.get("/submissions").text
    assert producer.get(f"/sips/{sip_id}").status_code == 404
    assert producer.get("/sips").status_code == 403


def test_the_producer_reads_the_reason_word_for_word(visit: Visit, house: House) -> None:
    sip_id = waiting(house)
    visit("officer").submit(f"/sips/{sip_id}/return", reason=REASON)
    assert REASON in text_of(visit("producer").get(f"/sips/{sip_id}"))
    assert REASON in text_of(visit("producer").get("/submissions"))


def test_work_is_given_to_a_colleague_who_may_decide(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), visit("officer")
    page = officer.get(f"/sips/assign?id={sip_id}").text
    assert "Người officer" in page and "Người lạ" not in page
    person = str(house.people["officer"].id)
    officer.submit(f"/sips/assign?id={sip_id}", "/sips/assign", sip=str(sip_id), person=person)
    assert str(sip_of(house, sip_id).assigned_to) == person


def test_the_inbox_leaves_as_a_sheet(visit: Visit, house: House) -> None:
    waiting(house)
    sheet = visit("officer").get("/sips?format=xlsx")
    assert sheet.headers["content-type"].endswith("spreadsheetml.sheet") and sheet.content[:2] == b"PK"
