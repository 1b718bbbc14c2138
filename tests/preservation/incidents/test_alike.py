"""What is said of one incident holds for all alike where the person says so, and for no other one."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Forbidden
from archive_service.kernel.setting_tables import Incidents
from preservation.incidents import alike as rooms
from preservation.incidents.alike import alike, close_alike, describe_alike, report_alike
from preservation.incidents.files import Description, describe_incident, report_incident, time_line
from preservation.incidents.register import close_incident, open_incident
from preservation.models import Dossier
from preservation.watch_models import Incident, IncidentReport, IncidentState, ReportOutcome
from tests.archives import House
from tests.preservation.dossiers import keep

WRITTEN = Description("Đĩa của kho ban-sao hỏng.", "Thay đĩa, khôi phục từ kho chính.", "hồ sơ 1", "két 3")
RULE = "qcvn-12-2026"


def opened(house: House, path: str, kind: str = "changed", root_id: str = "ban-sao") -> UUID:
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, kind, root_id=root_id, path=path)
        return work.session.scalars(select(Incident.id).where(Incident.path == path)).one()


@pytest.fixture
def disk(house: House) -> dict[str, UUID]:
    """Three files of one disk within some hours; beside them another kind, another root and a later day."""
    ours = Incidents(security_level=3, authority="Công an tỉnh Hải Vân")
    house.archive.settings = house.archive.settings.model_copy(update={"incidents": ours})
    house.clock.advance(days=200)
    found = {"1": opened(house, "1")}
    house.clock.advance(hours=5)
    found |= {path: opened(house, path) for path in ("2", "3")}
    found |= {"kind": opened(house, "kind", "missing"), "root": opened(house, "root", root_id="kho-chinh")}
    house.clock.advance(hours=20)
    return found | {"day": opened(house, "day")}


def row(house: House, key: UUID) -> Incident:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Incident, key)


def test_alike_are_those_of_one_kind_one_root_and_one_day(house: House, disk: dict[str, UUID]) -> None:
    with house.archive.look(house.actor("auditor")) as work:
        assert alike(work, disk["1"]) == [disk["2"], disk["3"]]
        assert alike(work, disk["kind"]) == []


def test_cause_and_remedy_are_written_where_nothing_is(house: House, disk: dict[str, UUID]) -> None:
    own = Description("Cáp của đĩa bị lỏng.", "Cắm lại cáp, đọc lại đĩa.")
    with house.archive.work(house.actor("auditor")) as work:
        describe_incident(work, disk["2"], own)
        describe_incident(work, disk["1"], WRITTEN)
        assert describe_alike(work, disk["1"], WRITTEN) == 1
    assert row(house, disk["2"]).cause == own.cause
    third = row(house, disk["3"])
    assert (third.cause, third.remedy, third.affected) == (WRITTEN.cause, WRITTEN.remedy, "")
    assert row(house, disk["day"]).cause == row(house, disk["root"]).cause == ""


def test_one_report_ends_the_clock_of_all_alike_and_stands_in_each_file(
    house: House, disk: dict[str, UUID]
) -> None:
    told = (RULE, ReportOutcome.sent, "Công an tỉnh", "15/BC-LT ngày 01/10/2026")
    with house.archive.work(house.actor("auditor")) as work:
        report_incident(work, disk["3"], *told)
        report_incident(work, disk["1"], *told)
        assert report_alike(work, disk["1"], *told) == 1
        assert report_alike(work, disk["1"], *told) == 0
    with house.archive.look(house.actor("auditor")) as work:
        reported = work.session.scalars(select(IncidentReport.incident_id)).all()
        assert sorted(reported) == sorted(disk[path] for path in ("1", "2", "3"))
        assert [each.verb for each in time_line(work, row(house, disk["2"]))][-1] == "incident.reported"


def test_closing_takes_a_bounded_number_and_again_the_rest(
    house: House, disk: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "MOST_ALIKE", 1)
    remark = "Đã thay đĩa và khôi phục từ kho chính."
    with house.archive.work(house.actor("auditor")) as work:
        close_incident(work, disk["1"], remark)
        assert [close_alike(work, disk["1"], remark) for _ in range(3)] == [1, 1, 0]
    closed = {path for path, key in disk.items() if row(house, key).state is IncidentState.closed}
    assert closed == {"1", "2", "3"}


def test_nobody_acts_on_what_lies_outside_their_reach(house: House, disk: dict[str, UUID]) -> None:
    with house.archive.look(house.actor("reader")) as work, pytest.raises(Forbidden):
        alike(work, disk["1"])
    with house.archive.work(THE_ARCHIVE) as work:
        dossier = work.session.get_one(Dossier, keep(house))
        open_incident(work, "changed", dossier=dossier, root_id="ban-sao", path="later")
    with house.archive.look(house.actor("auditor")) as work:
        assert len(alike(work, disk["day"])) == 3  # the dossier's, and the two of twenty hours before
