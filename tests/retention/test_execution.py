"""Execution asks everything again, at the second of each entry; the certificate waits for every receipt."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from pathlib import Path
from uuid import UUID

import pikepdf
import pypdfium2
import pytest
from sqlalchemy import select

from archive_service.accounts.people import give_role_at_start
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, NotPossible, PasswordNeeded
from archive_service.kernel.jobs import Job
from archive_service.kernel.permissions import Role
from preservation.models import Dossier, DossierState, ErasureReceipt
from preservation.papers import PaperDamaged
from retention.destruction.certificate import issue_certificate
from retention.destruction.papers import read_paper
from retention.models import Answer, DestructionEntry, DestructionList, EntryState, ListState
from tests.archives import House
from tests.retention.shelf import Hands, bytes_left, shelve


def name_of_refusal(hands: Hands, list_id: object) -> str:
    with pytest.raises(Conflict) as refused:
        hands.start(list_id)  # type: ignore[arg-type]
    return refused.value.name


def test_four_people_destroy_an_expired_dossier_in_every_copy(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    assert len(bytes_left(house, key)) == 2
    hands.execute(list_id)
    assert bytes_left(house, key) == []
    assert hands.listed(list_id).state is ListState.certified
    assert hands.dossier(key).state is DossierState.destroyed
    assert hands.dossier(key).tombstone["list"] == "01/2026"


def test_starting_queues_the_job_and_erases_nothing_itself(house: House, hands: Hands) -> None:
    list_id = hands.started(shelve(house))
    with house.archive.look(THE_ARCHIVE) as work:
        kinds = work.session.scalars(select(Job.kind).where(Job.subject_id == str(list_id))).all()
    assert kinds == ["execute_destruction"]
    assert hands.entry(list_id).state is EntryState.listed


def test_execution_before_the_waiting_period_is_over_is_refused(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    house.clock.advance(days=6, hours=23)
    assert name_of_refusal(hands, list_id) == "refused-waiting"


def test_execution_needs_the_typed_number(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    house.clock.advance(days=8)
    with pytest.raises(NotPossible) as refused:
        hands.start(list_id, typed="02/2026")
    assert refused.value.name == "wrong-number"


def test_execution_needs_the_password_at_the_act(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    house.clock.advance(days=8)
    from retention.destruction.execute import start_execution

    with pytest.raises(PasswordNeeded), house.archive.work(house.actor("executor", password=False)) as work:
        start_execution(work, list_id, "01/2026")


@pytest.mark.parametrize("change", ["added", "answer", "number", "inventory"])
def test_a_list_that_is_no_longer_what_was_signed_is_refused(house: House, hands: Hands, change: str) -> None:
    list_id, other = hands.decided(shelve(house)), shelve(house)
    with house.archive.work(THE_ARCHIVE) as work:
        entry = work.session.get_one(DestructionEntry, hands.entry(list_id).id)
        if change == "added":
            more = DestructionEntry(list_id=list_id, dossier_id=other, answer=Answer.destroy, decided=True)
            work.session.add(more)
        elif change == "answer":
            entry.answer = Answer.extend
        elif change == "number":
            work.session.get_one(DestructionList, list_id).number = "09/2026"
        else:
            entry.inventory_digest = "0" * 128
    house.clock.advance(days=8)
    assert name_of_refusal(hands, list_id) == "refused-digest"


def test_a_dossier_whose_content_changed_after_the_decision_is_refused(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.decided(key)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Dossier, key).inventory_digest = "0" * 128
    house.clock.advance(days=8)
    assert name_of_refusal(hands, list_id) == "refused-contents"


def test_an_entry_that_the_decision_does_not_name_is_never_erased(house: House, hands: Hands) -> None:
    named, smuggled = shelve(house), shelve(house)
    list_id = hands.started(named)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(DestructionEntry(list_id=list_id, dossier_id=smuggled, answer=Answer.destroy))
    hands.execute(list_id)
    assert (bytes_left(house, named), len(bytes_left(house, smuggled))) == ([], 2)


def test_a_missing_paper_stops_the_job_before_the_first_byte(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    house.archive.staging.delete(hands.listed(list_id).minutes_key)
    with pytest.raises(PaperDamaged):
        hands.execute(list_id)
    assert len(bytes_left(house, key)) == 2


def test_a_hold_between_start_and_erasure_takes_its_entry_out(house: House, hands: Hands) -> None:
    kept, gone = shelve(house), shelve(house)
    list_id = hands.started(kept, gone)
    hands.hold(kept)
    hands.execute(list_id)
    assert (len(bytes_left(house, kept)), bytes_left(house, gone)) == (2, [])
    assert hands.dossier(kept).state is DossierState.stored


def test_a_hold_that_only_later_reaches_the_dossier_wins_too(house: House, hands: Hands) -> None:
    """The title is corrected after the hold was placed: nobody withdrew the entry, the claim asks."""
    key = shelve(house)
    list_id = hands.started(key)
    from tests.retention.test_holds import hold

    hold(house, title_words="đất đai")
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Dossier, key).title = "Hồ sơ đất đai"
    hands.execute(list_id)
    entry = hands.entry(list_id)
    assert (entry.state, entry.answer, len(bytes_left(house, key))) == (EntryState.withdrawn, Answer.held, 2)
    assert hands.listed(list_id).state is ListState.stopped


def test_a_term_that_is_no_longer_over_takes_its_entry_out(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Dossier, key).end_date = date(2018, 1, 1)
    hands.execute(list_id)
    assert (hands.entry(list_id).answer, len(bytes_left(house, key))) == (Answer.taken_out, 2)


def test_stopping_under_way_saves_what_is_not_begun(house: House, hands: Hands) -> None:
    first, second = shelve(house), shelve(house)
    list_id = hands.started(first, second)
    begun = hands.entries(list_id)[0]
    with house.archive.work(THE_ARCHIVE) as work:
        work.move(DestructionEntry, begun.id, of=EntryState.listed, to=EntryState.erasing)
    hands.stop(list_id)
    hands.execute(list_id)
    saved = second if begun.dossier_id == first else first
    assert (bytes_left(house, begun.dossier_id), len(bytes_left(house, saved))) == ([], 2)
    assert hands.listed(list_id).state is ListState.certified


def test_a_copy_that_is_away_is_owed_and_no_certificate_is_issued(
    house: House, hands: Hands, tmp_path: Path
) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    root = tmp_path / "var/storage/2"
    root.rename(tmp_path / "unplugged")
    hands.execute(list_id)
    assert hands.listed(list_id).state is ListState.copies_owed
    with pytest.raises(Conflict) as refused:
        issue_certificate(house.archive, list_id)
    assert refused.value.name == "receipts-owed"
    (tmp_path / "unplugged").rename(root)
    hands.execute(list_id)
    assert (hands.listed(list_id).state, bytes_left(house, key)) == (ListState.certified, [])


@pytest.mark.parametrize("place", ["copy:kho-chinh", "copy:ban-sao", "index", "database", "staging", "cache"])
def test_no_certificate_while_one_receipt_is_owed(house: House, hands: Hands, place: str) -> None:
    list_id = hands.started(shelve(house))
    hands.execute(list_id)
    with house.archive.work(THE_ARCHIVE) as work:
        receipt = work.session.scalars(select(ErasureReceipt).where(ErasureReceipt.place == place)).one()
        receipt.gone_at = None
        work.session.get_one(DestructionList, list_id).state = ListState.copies_owed
    with pytest.raises(Conflict) as refused:
        issue_certificate(house.archive, list_id)
    assert refused.value.name == "receipts-owed"


def test_no_report_is_not_the_report_that_nothing_is_left(house: House, hands: Hands) -> None:
    list_id = hands.started(shelve(house))
    with house.archive.work(THE_ARCHIVE) as work:
        work.move(DestructionEntry, hands.entry(list_id).id, of=EntryState.listed, to=EntryState.gone)
    with pytest.raises(Conflict) as refused:
        issue_certificate(house.archive, list_id)
    assert refused.value.name == "receipts-owed"


def test_the_certificate_is_a_pdf_that_says_who_destroyed_what(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    hands.execute(list_id)
    paper, content = read_paper(house.archive, house.actor("head"), list_id, "certificate")
    assert hashlib.sha256(content).hexdigest() == paper.sha256 == hands.listed(list_id).certificate_sha256
    with pikepdf.open(io.BytesIO(content)) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert "01/2026" in metadata["dc:title"]


def test_the_certificate_says_by_whom_when_on_what_ground_and_where(house: House, hands: Hands) -> None:
    """By the law of the day of the decision; each who answered an entry is named, not only who sent the list on."""
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["other_officer"], Role.council_member)
    list_id = hands.propose(key := shelve(house))
    hands.send(list_id)
    hands.answer(list_id, who="other_officer")
    hands.send_on(list_id)
    hands.decide(list_id)
    house.clock.advance(days=8)
    hands.start(list_id)
    hands.execute(list_id)
    told = certificate_text(house, list_id)
    code = hands.dossier(key).code
    for fact in (
        code,
        "10 năm",
        "05/BB-HĐ ngày 20/02/2026",
        "12/QĐ-SNV",
        "Luật Lưu trữ 33/2024/QH15, Điều 16",
    ):
        assert fact in told
    for person in ("records_manager", "council_member; Người lạ", "head", "executor"):
        assert f"Người {person}" in told
    for place in ("kho-chinh", "ban-sao", "Chỉ mục tìm kiếm", "Cơ sở dữ liệu", "Khu tiếp nhận", "Bộ nhớ đệm"):
        assert f"{place}: " in told
    assert "1 hồ sơ, 3 văn bản, 1.000 byte" in told


def certificate_text(house: House, list_id: UUID) -> str:
    _, content = read_paper(house.archive, house.actor("head"), list_id, "certificate")
    with pypdfium2.PdfDocument(content) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pdf).split())


def test_the_job_may_be_repeated_at_any_point(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    hands.execute(list_id)
    before = hands.listed(list_id).certificate_sha256
    hands.execute(list_id)
    assert hands.listed(list_id).certificate_sha256 == before


def test_what_is_destroyed_is_not_owed_an_assessment(house: House, hands: Hands) -> None:
    from retention.assess import assess_owed
    from retention.models import Assessment

    key = shelve(house)
    assess_owed(house.archive)
    hands.execute(hands.started(key))
    assess_owed(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get(Assessment, key) is None
