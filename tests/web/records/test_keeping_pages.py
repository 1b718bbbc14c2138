"""Incidents are seen, mended from the good copy and closed; a rebuilt archive is released by two people."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

import preservation.audits.restore
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.state import archive_state
from preservation.aips.store import NotProven
from preservation.audits.fixity import fixity_run
from preservation.models import Dossier
from preservation.ocfl.checked_source import ContentChanged
from preservation.ocfl.layout import object_path
from preservation.watch_models import Incident
from tests.archives import PASSWORD, House
from tests.web.visits import Browser, sheet_of, text_of

Visit = Callable[..., Browser]


@pytest.fixture
def damaged(shelves: House) -> UUID:
    """One byte of one file of one copy is another one, and the audit has found it."""
    with shelves.archive.look(THE_ARCHIVE) as work:
        dossier = work.session.scalars(select(Dossier).where(Dossier.title.contains("giấy phép"))).one()
    store = shelves.archive.stores["ban-sao"]
    listed = store.list(object_path(dossier.object_id))
    key = next(info.key for info in listed if info.key.endswith(".001.pdf"))
    with store.open(key) as stream:
        content = stream.read()
    store.put(key, bytes([content[0] ^ 1]) + content[1:])
    fixity_run(shelves.archive, early=True)
    with shelves.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Incident.id)).one()


class TestIncidents:
    @pytest.fixture
    def house(self, shelves: House) -> House:
        return shelves

    def test_the_fixity_page_begins_with_the_open_incident(self, damaged: UUID, visit: Visit) -> None:
        said = text_of(visit("auditor").get("/fixity"))
        assert "1 sự cố chưa xử lý" in said
        assert "Không có sự cố" not in said

    def test_an_incident_names_copy_file_and_the_first_difference(self, damaged: UUID, visit: Visit) -> None:
        said = text_of(visit("auditor").get(f"/incidents/{damaged}"))
        assert "Tệp sai lệch ở ban-sao" in said and ".001.pdf" in said and "kho-chinh" in said

    def test_a_damaged_copy_is_restored_and_the_incident_closed(self, damaged: UUID, visit: Visit) -> None:
        auditor, page = visit("auditor"), f"/incidents/{damaged}"
        assert auditor.submit(page, f"{page}/restore").status_code == 303
        assert "Đã khôi phục bản ở ban-sao" in text_of(auditor.get(page))
        assert auditor.submit(page, f"{page}/close", remark="ngắn").status_code == 422
        closed = auditor.submit(page, f"{page}/close", remark="Lỗi đĩa, đã khôi phục từ kho chính.")
        assert closed.status_code == 303
        assert "Lỗi đĩa, đã khôi phục" in text_of(auditor.get(page))

    @pytest.mark.parametrize("error", [NotProven("kho: changed a.pdf"), ContentChanged("a.pdf")])
    def test_a_disk_that_keeps_nothing_is_told_as_that_and_not_as_our_fault(
        self, damaged: UUID, visit: Visit, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def broken(*_: object) -> None:
            raise error

        monkeypatch.setattr(preservation.audits.restore, "repair_object", broken)
        page = f"/incidents/{damaged}"
        answer = visit("auditor").submit(page, f"{page}/restore")
        assert answer.status_code == 409 and "Chưa khôi phục được" in text_of(answer)

    def test_the_sheet_of_incidents_speaks_the_readers_language(self, damaged: UUID, visit: Visit) -> None:
        auditor = visit("auditor")
        assert sheet_of(auditor.get("/incidents?format=xlsx"))[1][:2] == ("Tệp sai lệch", "Chưa xử lý")
        auditor.get("/preferences/language/en")
        assert sheet_of(auditor.get("/incidents?format=xlsx"))[1][1] == "Open"

    def test_no_report_is_overdue_so_that_list_is_empty(self, damaged: UUID, visit: Visit) -> None:
        auditor = visit("auditor")
        assert f"/incidents/{damaged}" in auditor.get("/incidents").text
        page = auditor.get("/incidents?state=overdue")
        assert page.status_code == 200 and f"/incidents/{damaged}" not in page.text
        assert '<option value="overdue" selected>Quá hạn báo cáo</option>' in page.text
        assert len(sheet_of(auditor.get("/incidents?state=overdue&format=xlsx"))) == 1

    def test_a_reader_finds_no_page_of_the_audit(self, house: House, visit: Visit) -> None:
        reader = visit("reader")
        paths = ("/fixity", "/incidents", "/signatures", "/audit", "/audit/1", "/audit/export")
        assert {reader.get(path).status_code for path in paths} == {403}


def test_a_rebuilt_archive_is_released_by_two_people(house: House, visit: Visit) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        archive_state(work.session).destruction_locked = True
    head = visit("head")
    assert "Đã có 0/2 người mở" in text_of(head.get("/destruction"))
    assert head.submit("/destruction/release", password=PASSWORD).status_code == 303
    assert head.submit("/destruction/release", password=PASSWORD).status_code == 409
    other = visit("dungdau")
    assert other.submit("/destruction/release", password=PASSWORD).status_code == 303
    assert "bị khóa" not in text_of(other.get("/destruction"))


def test_a_clock_that_ran_back_is_confirmed_on_its_page(house: House, visit: Visit) -> None:
    house.clock.advance(days=10)
    visit("head")  # signing in is in the log
    house.clock.advance(days=-1)
    head = visit("head")
    assert "Việc hủy tạm dừng vì đồng hồ hệ thống chạy lùi" in text_of(head.get("/destruction"))
    assert head.submit("/destruction/clock", password="Sai-mat-khau-1").status_code == 422
    assert head.submit("/destruction/clock", password=PASSWORD).status_code == 303
    with house.archive.look(house.actor("head")) as work:
        work.irreversible()
    assert visit("records_manager").get("/destruction/clock").status_code == 200
    assert visit("executor").get("/destruction/clock").status_code == 403
