"""Signatures are verified again with today's trust store: an unchanged verdict costs a row, a changed one is an alarm."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.aips.proven import read_description
from preservation.models import Signature, Verdict
from preservation.signatures.again import VERDICTS, signatures_run
from preservation.signatures.check import check_file
from preservation.watch_models import SignatureCheck
from tests import made
from tests.archives import House
from tests.preservation.dossiers import content, dossier_of, flip, incidents, keep

PATH = "data/000.00.12.H43.2020.31.TTr.001.pdf"


@pytest.fixture
def trusting(house: House) -> House:
    """The house, its trust store holding the root of the test PKI."""
    house.archive.__dict__["trust_roots"] = (made.authority().root,)
    return house


@pytest.fixture
def signed(trusting: House, tmp_path: Path) -> UUID:
    """A dossier with one signed PDF, judged at ingest as it is judged now."""
    (tmp_path / "signed.pdf").write_bytes(made.signed_pdf())
    now = trusting.clock.now()
    facts = check_file(trusting.archive.sandbox, tmp_path / "signed.pdf", (made.authority().root,), now)
    assert facts[0]["verdict"] == "total_passed"
    plain = tuple(json.loads(json.dumps(fact)) for fact in facts)
    return keep(trusting, files={PATH: made.signed_pdf()}, signed={PATH: plain})


def signature(house: House) -> Signature:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Signature)).one()


def test_an_unchanged_verdict_moves_its_check_and_makes_no_version(trusting: House, signed: UUID) -> None:
    report = signatures_run(trusting.archive)
    assert (report.checked, report.changed) == (1, 0)
    assert dossier_of(trusting.archive, signed).version == 1
    with trusting.archive.look(THE_ARCHIVE) as work:
        row = work.session.scalars(select(SignatureCheck)).one()
    assert (row.next_check - row.checked_at).days == 365
    assert signatures_run(trusting.archive).checked == 0


def test_an_unchanged_verdict_leaves_a_line_without_names(trusting: House, signed: UUID) -> None:
    signatures_run(trusting.archive)
    (info,) = trusting.archive.staging.list(VERDICTS)
    with trusting.archive.staging.open(info.key) as stream:
        line = json.loads(stream.read())
    assert (line["signature"], line["verdict"]) == (str(signature(trusting).id), "total_passed")
    assert "Trần" not in json.dumps(line, ensure_ascii=False)


def test_a_changed_verdict_is_an_incident_and_a_new_version_with_its_evidence(
    trusting: House, signed: UUID
) -> None:
    trusting.archive.__dict__["trust_roots"] = (made.stranger().root,)  # the root was taken out of the store
    report = signatures_run(trusting.archive)
    assert (report.checked, report.changed) == (1, 1)
    (incident,) = incidents(trusting.archive)
    assert (incident.kind, incident.dossier_id) == ("signature-changed", signed)
    row, dossier = signature(trusting), dossier_of(trusting.archive, signed)
    assert (row.first_verdict, row.verdict) == (Verdict.total_passed, Verdict.indeterminate)
    assert (dossier.version, dossier.revision) == (2, 2)
    (kept,) = read_description(trusting.archive, dossier)["signatures"]
    assert kept["evidence"]["sub_indication"] == row.reason


def test_a_changed_verdict_is_told_once(trusting: House, signed: UUID) -> None:
    trusting.archive.__dict__["trust_roots"] = (made.stranger().root,)
    signatures_run(trusting.archive)
    assert signatures_run(trusting.archive, early=True).changed == 0
    assert len(incidents(trusting.archive)) == 1


def test_a_damaged_copy_does_not_break_a_signature(trusting: House, signed: UUID) -> None:
    flip(content(trusting, signed, "kho-chinh"))
    assert signatures_run(trusting.archive).changed == 0


def test_a_file_that_no_copy_gives_is_not_judged_and_told(trusting: House, signed: UUID) -> None:
    for root in ("kho-chinh", "ban-sao"):
        flip(content(trusting, signed, root))
    report = signatures_run(trusting.archive)
    assert (report.checked, report.not_checked) == (0, 1)
    assert [each.kind for each in incidents(trusting.archive)] == ["signature-not-checked"]
    assert signature(trusting).verdict is Verdict.total_passed


def test_signatures_are_due_again_after_their_period(trusting: House, signed: UUID) -> None:
    signatures_run(trusting.archive)
    trusting.clock.set(datetime(2027, 3, 10, tzinfo=UTC))
    assert signatures_run(trusting.archive).checked == 1
