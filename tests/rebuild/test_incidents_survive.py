"""The file of an incident and its minutes outlive the database, and the dossier that was lost."""

from __future__ import annotations

import shutil

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import new_id, open_engine
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from preservation.incidents.audit_papers import load_audit_paper
from preservation.incidents.files import Description, describe_incident, report_incident
from preservation.incidents.minutes import make_minutes
from preservation.incidents.register import open_incident
from preservation.models import Dossier
from preservation.system.objects import anchor
from preservation.watch_models import AuditPaper, Incident, IncidentReport, ReportOutcome
from tests.past import Past
from tests.rebuild.test_rebuild import lose_database


def test_an_incident_its_report_and_its_minutes_come_back(past: Past) -> None:
    archive, auditor = past.house.archive, past.house.actor("auditor")
    ours = archive.settings.incidents.model_copy(update={"province": "nam-dinh"})
    archive.settings = archive.settings.model_copy(update={"incidents": ours})
    with archive.work(THE_ARCHIVE) as work:
        open_incident(work, "lost", dossier=work.session.get_one(Dossier, past.plain), path="v1/content/a")
        incident = work.session.scalars(select(Incident)).one()
    with archive.work(auditor) as work:
        described = Description("Hai đĩa cùng hỏng một lúc.", "Đề nghị đơn vị giao nộp gửi lại.")
        describe_incident(work, incident.id, described)
        report_incident(work, incident.id, "nam-dinh-superior", ReportOutcome.sent, "UBND tỉnh", "15/BC-LT")
    paper = make_minutes(archive, auditor, incident.id, "Mất", {})
    keep_system_objects(archive, now=True)
    anchor(archive)
    content = load_audit_paper(archive, paper)
    lost = lose_database(past.house.archive)
    shutil.rmtree(archive.settings.data / "staging/papers")
    assert rebuild(archive).whole
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, archive.engine)) == []
    old.dispose()
    with archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(IncidentReport.recipient)).one() == "UBND tỉnh"
        assert load_audit_paper(archive, work.session.scalars(select(AuditPaper)).one()) == content


def test_the_incident_of_a_dossier_that_is_nowhere_comes_back_all_the_same(past: Past) -> None:
    archive = past.house.archive
    with archive.work(THE_ARCHIVE) as work:
        work.session.add(Incident(kind="lost", dossier_id=new_id(), path="x", opened_at=work.now()))
    keep_system_objects(archive, now=True)
    anchor(archive)
    lose_database(past.house.archive)
    rebuild(archive)
    with archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(Incident.kind)).all() == ["lost"]
