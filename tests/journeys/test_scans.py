"""The real digitised dossiers, where they are at hand: accepted with their warnings, stored twice, found by their words."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pypdfium2
import pytest
from sqlalchemy import select

from archive_service.accounts.people import enter_person, enter_token, give_role_at_start
from archive_service.demo.sending import post, served
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.findings import Severity
from archive_service.kernel.organisation import Agency, Fonds
from archive_service.kernel.permissions import Role
from ingest.models import SipFinding
from preservation.bagit.pack import pack
from preservation.models import CopyState
from tests.journeys.acts import OFFICER, accept, copies, found, sip_states
from tests.journeys.samples import VARIABLE, build_samples, samples_folder
from tests.journeys.stacks import Stack

pytestmark = pytest.mark.skipif(samples_folder() is None, reason=f"{VARIABLE} names no folder")


@pytest.fixture
def bags(tmp_path: Path) -> list[Path]:
    samples = samples_folder()
    assert samples is not None
    return build_samples(samples, tmp_path / "bags")


def test_the_real_scans_are_accepted_stored_twice_and_found_by_their_words(
    stack: Stack, bags: list[Path]
) -> None:
    submit_bags(stack, bags)
    assert sip_states(stack) == ["awaiting_decision"] * len(bags)
    assert warnings(stack) >= {"scan-layered", "metadata-total-documents", "document-ordinal-gap"}
    accept(stack)
    assert sip_states(stack) == ["stored"] * len(bags)
    assert [copy.state for copy in copies(stack).values()] == [CopyState.verified] * 2 * len(bags)
    for bag in bags:
        for scan in sorted(bag.glob("data/*.pdf")):
            assert bag.name in found(stack, OFFICER, words_of(scan)), scan.name


def submit_bags(stack: Stack, bags: list[Path]) -> None:
    token = sender(stack, {bag.name[14:].rsplit(".", 2)[0] for bag in bags})
    with served(stack.archive, 0) as address, httpx.Client(base_url=address, timeout=60) as client:
        for bag in bags:
            assert post(client, token, pack(bag, bag.parent / f"{bag.name}.zip", bag.name)).status_code == 202
    stack.settle()


def sender(stack: Stack, organ_ids: set[str]) -> str:
    """A token of somebody who submits for these fonds."""
    with stack.archive.work(THE_ARCHIVE) as work:
        agency = Agency(identifier="001.03.08.H30", name="Cơ quan giao nộp", created_at=work.now())
        work.session.add(agency)
        work.session.flush()
        person = enter_person(work, "giao.nop", "Người giao nộp")
        for organ_id in sorted(organ_ids):
            fonds = Fonds(agency_id=agency.id, organ_id=organ_id, name=f"Phông {organ_id}")
            work.session.add(fonds)
            work.session.flush()
            give_role_at_start(work, person, Role.producer, fonds_id=fonds.id)
        return enter_token(work, person.id, "Số hóa")


def words_of(scan: Path) -> str:
    """Some words in a row from the middle of the first page's text layer, read without any code of the archive."""
    with pypdfium2.PdfDocument(scan) as document:
        text = document[0].get_textpage().get_text_range()
    words = [word for word in re.findall(r"\w+", text) if len(word) > 2 and not word.isdigit()]
    return " ".join(words[len(words) // 2 :][:4])


def warnings(stack: Stack) -> set[str]:
    with stack.archive.look(THE_ARCHIVE) as work:
        return set(
            work.session.scalars(select(SipFinding.code).where(SipFinding.severity == Severity.warning))
        )
