"""Judging what was received: whose it is, whether it is here already, and that nothing secret is ever unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from ingest import judge as judging
from ingest.models import SipFinding, SipState
from ingest.process import StagingDamaged, process_sip
from tests.archives import House, make_house
from tests.sending import another, codes, give_back, judged, packed, send, sip_of, sips, stored, verbs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


def test_a_good_package_waits_for_the_officer(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("11")))
    assert (sip.state, sip.errors, sip.dossier_code) == (
        SipState.awaiting_decision,
        0,
        "000.00.12.H43.2020.11",
    )
    assert [step["step"] for step in sip.steps][:2] == ["secrecy", "container"]


def test_a_declared_secret_is_refused_and_erased_with_nothing_unpacked(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "unpack", lambda *_: pytest.fail("a byte was unpacked"))
    sip = judged(house, packed(tmp_path, another("12", document={"Mode": "Tuyệt mật"})))
    assert (sip.state, codes(house, sip.id)) == (SipState.refused, ["secrecy-declared"])
    drain(house.archive)
    assert house.archive.staging.stat(f"sips/{sip.id}") is None
    assert sip_of(house, sip.id).staged_key == ""
    assert "sip.erased" in verbs(house)


def test_the_same_content_in_another_container_is_a_duplicate(house: House, tmp_path: Path) -> None:
    first = judged(house, packed(tmp_path, another("13")))
    again = judged(house, packed(beside(tmp_path), another("13"), "goi.tar"))
    assert (again.state, again.duplicate_of) == (SipState.duplicate, first.id)


def test_other_content_while_one_is_open_conflicts(house: House, tmp_path: Path) -> None:
    judged(house, packed(tmp_path, another("14")))
    other = judged(house, packed(beside(tmp_path), another("14", content=b"%PDF-1.4 khac\n")))
    assert (other.state, codes(house, other.id)[-1]) == (SipState.refused, "identity-conflict")
    assert conflicts(house, other.id) == ["open"]


def test_other_content_of_a_stored_dossier_conflicts(house: House, tmp_path: Path) -> None:
    stored(house, packed(tmp_path, another("15")))
    other = judged(house, packed(beside(tmp_path), another("15", content=b"%PDF-1.4 khac\n")))
    assert (other.state, codes(house, other.id)[-1]) == (SipState.refused, "identity-conflict")
    assert conflicts(house, other.id) == ["stored"]


def test_a_better_try_after_a_return_is_linked(house: House, tmp_path: Path) -> None:
    first = judged(house, packed(tmp_path, another("16")))
    give_back(house, first)
    better = judged(house, packed(beside(tmp_path), another("16", content=b"%PDF-1.4 tot hon\n")))
    assert better.state is SipState.awaiting_decision
    assert (better.previous_id, better.try_number) == (first.id, 2)


def test_another_agencys_dossier_is_refused_without_a_word_about_others(house: House, tmp_path: Path) -> None:
    foreign = {"FileCode": "000.00.99.H43.2020.1", "OrganId": "000.00.99.H43", "FileNotation": "1"}
    sip = judged(house, packed(tmp_path, another("1", dossier=foreign)))
    assert (sip.state, codes(house, sip.id)[-1]) == (SipState.refused, "agency-outside-scope")
    assert (sip.agency_id, sip.fonds_id, sip.unit_id) == (None, None, None)


def test_the_same_bytes_are_judged_anew_once_what_stood_against_them_is_over(
    house: House, tmp_path: Path
) -> None:
    first = judged(house, packed(tmp_path, another("26")))
    package = packed(beside(tmp_path), another("26", content=b"%PDF-1.4 khac\n"))
    assert judged(house, package).state is SipState.refused
    give_back(house, first)
    assert judged(house, package).state is SipState.awaiting_decision


def test_a_declared_secret_sent_again_is_the_same_submission(house: House, tmp_path: Path) -> None:
    package = packed(tmp_path, another("27", document={"Mode": "Mật"}))
    assert [judged(house, package).id, send(house, package).new] == [sips(house)[-1].id, False]


def test_judging_again_changes_nothing(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("18")))
    process_sip(house.archive, str(sip.id))
    assert sip_of(house, sip.id).checked_at == sip.checked_at


def test_a_judgement_that_was_interrupted_starts_over(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = send(house, packed(tmp_path, another("19")))
    with monkeypatch.context() as patched:
        patched.setattr("ingest.process.keep", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            process_sip(house.archive, str(receipt.sip_id))
    assert sip_of(house, receipt.sip_id).state is SipState.checking
    process_sip(house.archive, str(receipt.sip_id))
    assert sip_of(house, receipt.sip_id).state is SipState.awaiting_decision


def test_a_container_that_changed_in_staging_is_our_fault(house: House, tmp_path: Path) -> None:
    receipt = send(house, packed(tmp_path, another("20")))
    house.archive.staging.put(f"sips/{receipt.sip_id}", b"changed")
    with pytest.raises(StagingDamaged):
        process_sip(house.archive, str(receipt.sip_id))
    assert sip_of(house, receipt.sip_id).state is SipState.checking


def beside(folder: Path) -> Path:
    """Another empty folder, for a second package of the same name."""
    found = folder / "2"
    found.mkdir()
    return found


def conflicts(house: House, sip_id: UUID) -> list[str]:
    """What stands against the identity, as the findings tell it."""
    with house.archive.look(THE_ARCHIVE) as work:
        found = select(SipFinding.expected).where(SipFinding.code == "identity-conflict")
        return list(work.session.scalars(found.where(SipFinding.sip_id == sip_id)))
