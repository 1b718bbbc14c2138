"""The officer's day: reads each report, accepts what is good, returns what is faulty with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from archive_service.demo.labour import work_off
from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.findings import Severity
from archive_service.regulations import Rules
from ingest.accept import LONGEST_REASON, accept_sip, return_sip
from ingest.examined import as_finding
from ingest.models import Sip, SipFinding, SipState
from preservation.models import AccessMode, Copy, CopyState, Dossier

OFFICER = "luutruvien"


@dataclass(frozen=True, slots=True)
class Report:
    """A submission as the officer sees it: the row, and what was found in it."""

    sip: Sip
    findings: tuple[SipFinding, ...]

    @property
    def warnings(self) -> list[int]:
        return [each.number for each in self.findings if each.severity is Severity.warning]

    def faults(self, rules: Rules, language: str) -> str:
        """What the producer must mend, in the words of the findings; each kind of fault once."""
        errors = {each.code: each for each in self.findings if each.severity is Severity.error}
        return " ".join(rules.told(as_finding(each), language) for each in errors.values())


def decide_all(stage: Stage, teller: Teller) -> None:
    """Every package is accepted or returned; what is accepted is stored and proven."""
    teller.act(
        "Lưu trữ viên tiếp nhận, trả lại; kho lưu hai bản",
        "The officer accepts and returns; the archive keeps two copies",
        "/sips",
    )
    for report in reports(stage):
        if report.sip.state is SipState.awaiting_decision:
            _decide(stage, report)
            if report.sip.errors:
                name, rules = report.sip.container_name, stage.archive.rules
                teller.result(
                    f"Trả lại {name}: {report.faults(rules, 'vi')}",
                    f"Returned {name}: {report.faults(rules, 'en')}",
                )
    work_off(stage.archive, teller, "Lưu, đọc lại, lập chỉ mục", "Storing, reading back, indexing")
    _tell_states(stage, teller)


def reports(stage: Stage) -> Sequence[Report]:
    with stage.archive.look(THE_ARCHIVE) as work:
        sips = work.session.scalars(select(Sip).order_by(Sip.received_raw, Sip.id)).all()
        query = select(SipFinding).order_by(SipFinding.sip_id, SipFinding.number)
        findings = work.session.scalars(query).all()
    return [Report(sip, tuple(each for each in findings if each.sip_id == sip.id)) for sip in sips]


def _decide(stage: Stage, report: Report) -> None:
    sip = report.sip
    stage.clock.advance(minutes=12)
    with stage.archive.work(stage.actor(OFFICER)) as work:
        if sip.errors:
            reason = f"Đề nghị sửa rồi gửi lại. {report.faults(work.rules, 'vi')}"
            return_sip(work, sip.id, reason=reason[:LONGEST_REASON], version=sip.row_version)
        else:
            seen = report.warnings
            accept_sip(work, sip.id, seen=seen, access=AccessMode.closed, version=sip.row_version)


def _tell_states(stage: Stage, teller: Teller) -> None:
    with stage.archive.look(THE_ARCHIVE) as work:
        secret = work.session.scalars(select(Sip).where(Sip.state == SipState.refused)).first()
        dossiers = work.session.scalars(select(Dossier)).all()
        proven = len(work.session.scalars(select(Copy).where(Copy.state == CopyState.verified)).all())
    documents = sum(each.document_count for each in dossiers)
    if secret is not None:
        teller.result(
            f"Tự từ chối vì khai độ mật, không mở văn bản nào: {secret.container_name}",
            f"Refused by itself for its declared secrecy, no document opened: {secret.container_name}",
        )
    teller.result(
        f"Đã lưu {len(dossiers)} hồ sơ, {documents} văn bản, {proven} bản đọc lại khớp với bản kê của nơi gửi",
        f"Stored {len(dossiers)} dossiers, {documents} documents; {proven} copies read back as the sender listed them",
    )


def tell_inbox(stage: Stage, teller: Teller) -> None:
    """What is left for whoever tries the demo as the officer."""
    waiting = [each.sip for each in reports(stage) if each.sip.state is SipState.awaiting_decision]
    faulty = sum(bool(sip.errors) for sip in waiting)
    doubtful = sum(bool(sip.warnings and not sip.errors) for sip in waiting)
    clean = len(waiting) - faulty - doubtful
    teller.result(
        f"{len(waiting)} gói chờ quyết định: {clean} không lỗi, {doubtful} có cảnh báo, {faulty} có lỗi phải sửa",
        f"{len(waiting)} packages wait for a decision: {clean} clean, {doubtful} with warnings, {faulty} faulty",
    )
