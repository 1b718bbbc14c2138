"""The file of an incident: who must be told by when, what people wrote, its minutes, and what survives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Missing, NotPossible
from archive_service.kernel.log import Anchor
from archive_service.kernel.setting_tables import Incidents
from preservation.incidents.audit_papers import read_audit_paper
from preservation.incidents.files import (
    Description,
    ReportDue,
    describe_incident,
    report_incident,
    reports_due,
    time_line,
)
from preservation.incidents.minutes import MinutesFacts, draw_minutes, make_minutes
from preservation.incidents.register import (
    close_incident,
    list_incidents,
    open_incident,
    visible_incident,
    wait_for_person,
)
from preservation.watch_models import Incident, IncidentState, ReportOutcome
from tests.archives import House
from tests.judges.java import Verdict

AT = datetime(2026, 3, 2, tzinfo=UTC)
FACTS = MinutesFacts(
    agency="Lưu trữ Sở Nội vụ tỉnh Hải Vân",
    number="20260302-0000FF",
    made_at="09:00:00 02/03/2026",
    what="Tệp sai lệch",
    state="Đã kết thúc",
    opened_at="08:00:00 02/03/2026",
    closed_at="08:59:00 02/03/2026",
    dossier="000.00.12.H99.2010.18.TCCB Hồ sơ tuyển dụng",
    place="ban-sao",
    path="v1/content/data/" + "ệ" * 200 + ".pdf",
    found="ab" * 32,
    expected="cd" * 32,
    cause="Đĩa #1 hỏng *cung từ* $x$",
    remedy="Khôi phục từ kho chính",
    affected="",
    evidence="",
    remark="Đã thay đĩa.",
    reports=(("QCVN 12:2026/BCA", "Công an tỉnh", "Chưa báo cáo, quá hạn."),),
    events=(("08:00:00 02/03/2026", "Phát hiện sự cố"),) * 60,
    by="Nguyễn Thị Ưởng",
    anchor=Anchor(12, "aa" * 32, "bb" * 64),
)
DESCRIBED = Description("Đĩa của kho ban-sao hỏng.", "Thay đĩa, khôi phục từ kho chính.")


@pytest.fixture
def incident(house: House) -> UUID:
    """On a day on which QCVN 12:2026 is in force."""
    house.clock.advance(days=200)
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", root_id="ban-sao", path="v1/content/a.pdf")
        return work.session.scalars(select(Incident.id)).one()


def bind(house: House, **given: str | int) -> None:
    ours = Incidents.model_validate(given)
    house.archive.settings = house.archive.settings.model_copy(update={"incidents": ours})


def due(house: House, incident: UUID) -> list[ReportDue]:
    with house.archive.look(house.actor("auditor")) as work:
        return reports_due(work, visible_incident(work, incident))


def told(house: House, incident: UUID, outcome: ReportOutcome = ReportOutcome.sent) -> None:
    with house.archive.work(house.actor("auditor")) as work:
        report_incident(work, incident, "qcvn-12-2026", outcome, "Công an tỉnh", "15/BC-LT ngày 18/9/2026")


def test_from_level_3_the_authority_is_told_within_24_hours(house: House, incident: UUID) -> None:
    bind(house, security_level=3, authority="Công an tỉnh Hải Vân")
    with house.archive.look(THE_ARCHIVE) as work:
        opened_at = work.session.get_one(Incident, incident).opened_at
    (only,) = due(house, incident)
    assert (only.recipient, only.late) == ("Công an tỉnh Hải Vân", False)
    assert only.due_at == opened_at + timedelta(hours=24)
    house.clock.advance(hours=24, seconds=1)
    assert due(house, incident)[0].late


def test_no_clock_is_invented_where_the_clause_names_none(house: House, incident: UUID) -> None:
    bind(house, province="nam-dinh")
    house.clock.advance(days=900)
    found = due(house, incident)
    assert [each.rule.to for each in found] == ["superior", "authority"]
    assert all(each.due_at is None and not each.late for each in found)


def test_an_incident_before_the_rule_is_not_bound_by_it(house: House) -> None:
    bind(house, security_level=5)
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", path="a")
        found = work.session.scalars(select(Incident.id)).one()
    assert due(house, found) == []


def test_a_report_in_time_ends_the_clock_and_a_late_one_stays_late(house: House, incident: UUID) -> None:
    bind(house, security_level=3)
    house.clock.advance(hours=30)
    told(house, incident)
    bind(house, security_level=1)  # what was told stays in the file
    (only,) = due(house, incident)
    assert only.late and only.report is not None and only.report.reference.startswith("15/BC-LT")


def listed(house: House) -> list[UUID]:
    with house.archive.look(house.actor("auditor")) as work:
        return [each.id for each in list_incidents(work, house.archive, overdue=True).items]


def test_overdue_are_the_unsettled_whose_clock_ran_out_untold(house: House) -> None:
    bind(house, security_level=3)
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", path="before the rule")
    house.clock.advance(days=200)
    opened = {}
    for path in ("untold", "told", "closed"):
        with house.archive.work(THE_ARCHIVE) as work:
            open_incident(work, "missing", path=path)
            opened[path] = work.session.scalars(select(Incident.id).where(Incident.path == path)).one()
    house.clock.advance(hours=23)
    assert listed(house) == []
    told(house, opened["told"])
    with house.archive.work(house.actor("auditor")) as work:
        close_incident(work, opened["closed"], "Đã gắn lại đĩa và đọc lại.")
    house.clock.advance(hours=2)
    assert listed(house) == [opened["untold"]]
    bind(house, security_level=2)
    assert listed(house) == []


def test_a_reason_why_no_report_is_needed_ends_the_clock(house: House, incident: UUID) -> None:
    bind(house, security_level=3)
    house.clock.advance(hours=30)
    told(house, incident, ReportOutcome.not_needed)
    assert not due(house, incident)[0].late


def test_a_report_is_noted_once_and_only_by_a_rule_that_binds(house: House, incident: UUID) -> None:
    with pytest.raises(Missing):
        told(house, incident)
    bind(house, security_level=3)
    told(house, incident)
    with pytest.raises(Conflict):
        told(house, incident)


def test_an_incident_that_waits_for_a_person_is_not_opened_again_and_can_be_closed(
    house: House, incident: UUID
) -> None:
    with house.archive.work(house.actor("auditor")) as work:
        wait_for_person(work, incident, "Có thay đĩa của kho ban-sao không?")
        assert not open_incident(work, "missing", root_id="ban-sao", path="v1/content/a.pdf")
        close_incident(work, incident, "Đã thay đĩa, đã kiểm tra lại.")
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Incident, incident).state is IncidentState.closed


def test_minutes_wait_for_cause_and_remedy(house: House, incident: UUID) -> None:
    auditor = house.actor("auditor")
    with pytest.raises(NotPossible):
        make_minutes(house.archive, auditor, incident, "Thiếu tệp", {})
    with house.archive.work(auditor) as work:
        describe_incident(work, incident, DESCRIBED)
    paper = make_minutes(house.archive, auditor, incident, "Thiếu tệp", {})
    assert read_audit_paper(house.archive, auditor, paper.id)[1].startswith(b"%PDF")
    with house.archive.look(auditor) as work:
        verbs = [each.verb for each in time_line(work, work.session.get_one(Incident, incident))]
    assert verbs[:2] == ["incident.opened", "incident.described"] and "fixity.paper-made" in verbs


def test_the_minutes_are_pdf_a(tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]) -> None:
    long, bare = tmp_path / "long.pdf", tmp_path / "bare.pdf"
    long.write_bytes(draw_minutes(FACTS, AT))
    bare.write_bytes(draw_minutes(replace(FACTS, dossier="", path="", found="", reports=(), events=()), AT))
    verdict = verapdf([long, bare], "2b")
    assert verdict.accepted, verdict.said
    assert draw_minutes(FACTS, AT) == long.read_bytes()
