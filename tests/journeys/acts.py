"""What people do on a journey, each act one function that says by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import select

from archive_service.demo.destroying import EXECUTOR, HEAD, MANAGER, REVIEWER
from archive_service.demo.dossiers import DemoPackage
from archive_service.demo.sending import send, served
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.findings import Severity
from archive_service.work import Archive
from ingest.accept import accept_sip
from ingest.models import Sip, SipFinding, SipState
from preservation.models import Copy, Dossier
from preservation.ocfl.layout import OCFL_ROOT
from preservation.reading.find import find
from retention.destruction.decide import Minutes, decide_destruction
from retention.destruction.execute import start_execution
from retention.destruction.propose import propose_destruction, send_for_review
from retention.destruction.review import answer_entries, send_on
from retention.models import Answer, DestructionEntry, DestructionList
from search.index import Query, SearchPage
from tests.journeys.stacks import Stack

OFFICER, READER, UNIT_READER, AUDITOR = "luutruvien", "docgia", "canbonoivu", "kiemtra"


def submit(stack: Stack, packages: Sequence[DemoPackage]) -> list[int]:
    """Over real HTTP; the status of each answer."""
    with served(stack.archive, 0) as address, httpx.Client(base_url=address, timeout=60) as client:
        answers = [send(client, stack.stage, package).status_code for package in packages]
    stack.settle()
    return answers


def accept(stack: Stack) -> None:
    """Everything that waits, each warning acknowledged."""
    with stack.archive.look(THE_ARCHIVE) as work:
        waiting = work.session.scalars(select(Sip).where(Sip.state == SipState.awaiting_decision)).all()
        warned = SipFinding.severity == Severity.warning
        warnings = work.session.execute(select(SipFinding.sip_id, SipFinding.number).where(warned)).all()
    for sip in waiting:
        with stack.archive.work(stack.stage.actor(OFFICER)) as work:
            seen = [number for sip_id, number in warnings if sip_id == sip.id]
            accept_sip(work, sip.id, seen=seen, version=sip.row_version)
    stack.settle()


def sip_states(stack: Stack) -> list[str]:
    with stack.archive.look(THE_ARCHIVE) as work:
        return [state.value for state in work.session.scalars(select(Sip.state).order_by(Sip.received_raw))]


def dossiers(stack: Stack) -> dict[str, Dossier]:
    """By notation."""
    with stack.archive.look(THE_ARCHIVE) as work:
        return {str(row.code).split(".", 5)[-1]: row for row in work.session.scalars(select(Dossier))}


def copies(stack: Stack) -> dict[tuple[UUID, str], Copy]:
    with stack.archive.look(THE_ARCHIVE) as work:
        return {(row.dossier_id, row.root_id): row for row in work.session.scalars(select(Copy))}


def search(stack: Stack, who: str, text: str) -> SearchPage:
    return find(stack.archive, stack.stage.actor(who), Query(text=text, limit=50)).page


def found(stack: Stack, who: str, text: str) -> set[str]:
    """The codes of the dossiers in which this person finds it."""
    return {hit.entry.dossier_code for hit in search(stack, who, text).hits}


def decided(stack: Stack, dossier: Dossier) -> DestructionList:
    """Proposed, reviewed and decided by three people."""
    stage, archive = stack.stage, stack.archive
    with archive.work(stage.actor(MANAGER)) as work:
        listed = propose_destruction(work, [dossier.id], explanation="Hết thời hạn bảo quản.")
        send_for_review(work, listed.id)
    with archive.work(stage.actor(REVIEWER)) as work:
        own = select(DestructionEntry.id).where(DestructionEntry.list_id == listed.id)
        answer_entries(work, listed.id, work.session.scalars(own).all(), Answer.destroy)
        send_on(work, listed.id)
    minutes = Minutes("05/BB-HĐ", date(2026, 1, 5), b"%PDF-1.7 minutes of the council")
    return decide_destruction(archive, stage.actor(HEAD), listed.id, minutes, decision_number="12/QĐ")


def execute(stack: Stack, listed: DestructionList) -> DestructionList:
    """By the fourth person; the list as it is when all work is done."""
    with stack.archive.work(stack.stage.actor(EXECUTOR)) as work:
        start_execution(work, listed.id, listed.number)
    stack.settle()
    with stack.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(DestructionList, listed.id)


def ocfl_tree(archive: Archive, root_id: str, out: Path) -> Path:
    """The root's OCFL tree as plain files, for judges who read folders."""
    store = archive.stores[root_id]
    for info in store.list(OCFL_ROOT):
        target = out / root_id / info.key
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.open(info.key) as stream:
            target.write_bytes(stream.read())
    return out / root_id / OCFL_ROOT
