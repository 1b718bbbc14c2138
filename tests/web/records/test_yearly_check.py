"""The minutes of a year and the list of faulty files: made by the auditor, kept, PDF/A and a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.incidents.audit_papers import load_audit_paper
from preservation.incidents.register import open_incident
from preservation.watch_models import AuditPaper
from tests.archives import House
from tests.judges.java import Verdict
from tests.web.visits import Browser, sheet_of

Visit = Callable[..., Browser]
PAGE = "/fixity/yearly-check"


def test_the_minutes_of_a_year_are_pdf_a_and_the_sheet_lists_its_faulty_files(
    house: House, visit: Visit, tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", root_id="ban-sao", path="v1/content/a.pdf")
    auditor = visit("auditor")
    assert auditor.submit(PAGE, year="2026").status_code == 303
    with house.archive.look(THE_ARCHIVE) as work:
        papers = {paper.kind: paper for paper in work.session.scalars(select(AuditPaper))}
    made = tmp_path / "check.pdf"
    made.write_bytes(load_audit_paper(house.archive, papers["yearly_check"]))
    rows = sheet_of(auditor.get(f"/audit-papers/{papers['faulty_files'].id}"))
    assert rows[1][2:5] == ("ban-sao", "v1/content/a.pdf", "Thiếu tệp")
    verdict = verapdf([made], "2b")
    assert verdict.accepted, verdict.said


def test_a_year_that_has_not_begun_and_a_person_who_does_not_audit_are_refused(
    house: House, visit: Visit
) -> None:
    auditor = visit("auditor")
    assert {auditor.submit(PAGE, year=year).status_code for year in ("2027", "", "hai", "1999")} == {422}
    assert visit("reader").get(PAGE).status_code == 403
