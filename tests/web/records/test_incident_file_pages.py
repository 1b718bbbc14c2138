"""The auditor writes the incident's file, notes reports and makes minutes; a stranger to it finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.setting_tables import Incidents
from preservation.incidents.register import open_incident
from preservation.watch_models import AuditPaper, Incident, IncidentState
from tests.archives import House
from tests.web.visits import Browser, sheet_of, text_of

Visit = Callable[..., Browser]


@pytest.fixture
def incident(house: House) -> UUID:
    ours = Incidents(security_level=3, authority="Công an tỉnh Hải Vân")
    house.archive.settings = house.archive.settings.model_copy(update={"incidents": ours})
    house.clock.advance(days=200)
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", root_id="ban-sao", path="v1/content/a.pdf")
        return work.session.scalars(select(Incident.id)).one()


def test_the_due_time_is_shown_and_then_that_it_is_over(house: House, incident: UUID, visit: Visit) -> None:
    page = f"/incidents/{incident}"
    assert "Chưa báo cáo Công an tỉnh Hải Vân. Hạn báo cáo:" in text_of(visit("auditor").get(page))
    house.clock.advance(hours=25)
    assert "Quá hạn báo cáo." in text_of(visit("auditor").get(page))


def test_the_list_of_overdue_reports_holds_it_from_its_hour_on(
    house: House, incident: UUID, visit: Visit
) -> None:
    overdue, row = "/incidents?state=overdue", f"/incidents/{incident}"
    assert row not in visit("auditor").get(overdue).text
    house.clock.advance(hours=25)
    auditor = visit("auditor")
    assert row in auditor.get(overdue).text
    assert len(sheet_of(auditor.get(f"{overdue}&format=xlsx"))) == 2


def test_the_file_is_written_reported_and_put_into_minutes(
    house: House, incident: UUID, visit: Visit
) -> None:
    auditor, base = visit("auditor"), f"/incidents/{incident}"
    page = f"{base}/file"
    assert auditor.submit(page, page, cause="hỏng", remedy="").status_code == 422
    assert "Lập biên bản sự cố" not in text_of(auditor.get(page))
    wrote = {"cause": "Đĩa hỏng sau khi mất điện.", "remedy": "Thay đĩa và khôi phục."}
    assert auditor.submit(page, page, **wrote).status_code == 303
    report = {"rule": "qcvn-12-2026", "outcome": "sent", "recipient": "Công an tỉnh", "reference": "15/BC"}
    assert auditor.submit(page, f"{base}/report", **report).status_code == 303
    asked = auditor.submit(page, f"{base}/waiting", question="Có mua đĩa mới không?")
    assert asked.status_code == 303
    assert auditor.submit(page, f"{base}/minutes").status_code == 303
    said = text_of(auditor.get(page))
    assert "Đã báo cáo Công an tỉnh: 15/BC" in said and "Có mua đĩa mới không?" in said
    assert "Ghi nguyên nhân và cách khắc phục sự cố" in said
    with house.archive.look(THE_ARCHIVE) as work:
        paper = work.session.scalars(select(AuditPaper.id)).one()
    assert auditor.get(f"/audit-papers/{paper}").content.startswith(b"%PDF")
    assert visit("officer").get(f"/audit-papers/{paper}").status_code == 403


def test_a_thousand_copies_of_one_disk_are_reported_and_closed_at_once(
    house: House, incident: UUID, visit: Visit
) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        for path in ("b", "c"):
            open_incident(work, "missing", root_id="ban-sao", path=path)
    auditor, base = visit("auditor"), f"/incidents/{incident}"
    page = f"{base}/file"
    assert "Cũng cho 2 sự cố cùng loại ở cùng kho" in text_of(auditor.get(page))
    report = {"rule": "qcvn-12-2026", "outcome": "sent", "recipient": "Công an tỉnh", "reference": "15/BC"}
    assert auditor.submit(page, f"{base}/report", **report, alike="1").status_code == 303
    assert "Đã ghi cho sự cố này và 2 sự cố cùng loại." in text_of(auditor.get(page))
    assert "Cũng cho 2 sự cố" in text_of(auditor.get(base))
    remark = "Đã thay đĩa, mọi bản đã đọc lại."
    assert auditor.submit(base, f"{base}/close", remark=remark, alike="1").status_code == 303
    with house.archive.look(THE_ARCHIVE) as work:
        assert set(work.session.scalars(select(Incident.state))) == {IncidentState.closed}
