"""What is said of a PDF's signatures. Every way to be wrong has its own word, and none is called passed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.sandbox import Sandbox, SandboxFailure
from preservation.signatures.check import check_file, read_roots
from preservation.signatures.facts import SignatureFact
from tests import made

NOW = datetime(2026, 11, 1, tzinfo=UTC)
Check = Callable[..., list[SignatureFact]]


@pytest.fixture
def check(sandbox: Sandbox, file: Path) -> Check:
    def check(pdf: bytes, *roots: bytes, at: datetime = NOW) -> list[SignatureFact]:
        file.write_bytes(pdf)
        return check_file(sandbox, file, roots or (made.authority().root,), at)

    return check


def word(fact: SignatureFact) -> tuple[str, str]:
    return fact["verdict"], fact["sub_indication"]


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def contents_at(signed: bytes) -> int:
    """Where the hex of the signature value begins."""
    return signed.index(b"/Contents <30") + len(b"/Contents <")


def with_increment(signed: bytes) -> bytes:
    """The page's content replaced after signing, as an attacker would."""
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    page = writer.find_page_for_modification(0)[0].get_object()  # type: ignore[no-untyped-call]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def test_an_unsigned_pdf_has_no_signature(check: Check) -> None:
    assert check(made.pdf()) == []


def test_a_good_signature_passes_and_names_its_signer(check: Check) -> None:
    (fact,) = check(made.signed_pdf())
    assert word(fact) == ("total_passed", "")
    assert (fact["signer"], fact["organisation"], fact["field"]) == ("Trần Thị Bình", "Sở Nội vụ", "ChuKy1")
    assert datetime.fromisoformat(fact["signed_at"] or "") == made.SIGNED_AT
    assert (fact["covers_whole_file"], fact["later_changes"], fact["timestamp"]) == (True, "none", None)


def test_the_evidence_can_be_kept_as_json(check: Check) -> None:
    (fact,) = check(made.signed_pdf())
    evidence = json.loads(json.dumps(fact))["evidence"]
    assert evidence["validated_at"] == NOW.isoformat()
    assert [len(evidence["chain"]), len(evidence["certificates_der"])] == [3, 2]
    assert evidence["digest_algorithm"] == "sha256"


def test_a_second_signature_leaves_the_first_one_valid(check: Check) -> None:
    first, second = check(made.signed_pdf("MotDuyet", "HaiDuyet"))
    assert [word(first), word(second)] == [("total_passed", "")] * 2
    assert [first["index"], first["covers_whole_file"], first["later_changes"]] == [0, False, "form_filling"]
    assert [second["index"], second["covers_whole_file"]] == [1, True]


def test_one_changed_byte_breaks_the_digest(check: Check) -> None:
    (fact,) = check(flipped(made.signed_pdf(), 600))
    assert word(fact) == ("total_failed", "HASH_FAILURE")


def test_a_changed_signature_value_is_broken(check: Check) -> None:
    signed = made.signed_pdf()
    # The CMS is 30 82 and two bytes of length; what it ends with is the signature's own number.
    length = 4 + int(signed[contents_at(signed) :][4:8], 16)
    digit = contents_at(signed) + 2 * length - 20
    changed = b"0" if signed[digit : digit + 1] != b"0" else b"1"
    (fact,) = check(signed[:digit] + changed + signed[digit + 1 :])
    assert word(fact) == ("total_failed", "SIG_CRYPTO_FAILURE")


def test_a_signature_that_does_not_parse_is_broken_and_not_overlooked(check: Check) -> None:
    signed = made.signed_pdf()
    at = contents_at(signed)
    (fact,) = check(signed[:at] + b"00" * 10 + signed[at + 20 :])
    assert word(fact) == ("total_failed", "FORMAT_FAILURE")
    assert fact["field"] == "ChuKy1"


def test_what_was_changed_after_signing_fails(check: Check) -> None:
    (fact,) = check(with_increment(made.signed_pdf()))
    assert word(fact) == ("total_failed", "ILLEGAL_MODIFICATIONS")
    assert fact["later_changes"] == "other"


def test_a_timestamp_is_told_and_trusted_only_by_its_own_root(check: Check) -> None:
    stamped_at = datetime(2021, 1, 1, tzinfo=UTC)
    stamped, stamper = made.timestamped_pdf(stamped_at)
    (known,), (unknown,) = check(stamped, made.authority().root, stamper), check(stamped)
    assert [word(known), word(unknown)] == [("total_passed", "")] * 2
    assert known["timestamp"] == unknown["timestamp"] == stamped_at.isoformat()
    assert [known["timestamp_trusted"], unknown["timestamp_trusted"]] == [True, False]


def test_a_timestamp_does_not_mend_an_expired_chain_by_itself(check: Check) -> None:
    stamped, stamper = made.timestamped_pdf(datetime(2021, 1, 1, tzinfo=UTC))
    (fact,) = check(stamped, made.authority().root, stamper, at=datetime(2046, 6, 1, tzinfo=UTC))
    assert word(fact) == ("indeterminate", "CERTIFICATE_CHAIN_GENERAL_FAILURE")


def test_another_root_leaves_it_undecided(check: Check) -> None:
    (fact,) = check(made.signed_pdf(), made.stranger().root)
    assert word(fact) == ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND")
    assert fact["signer"] == "Trần Thị Bình"


def test_an_empty_trust_store_trusts_nobody(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.signed_pdf())
    (fact,) = check_file(sandbox, file, (), NOW)
    assert word(fact) == ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND")


def test_several_roots_are_tried(check: Check) -> None:
    (fact,) = check(made.signed_pdf(), made.stranger().root, made.authority().root)
    assert word(fact) == ("total_passed", "")


def test_after_its_certificate_has_ended_it_is_undecided(check: Check) -> None:
    (fact,) = check(made.signed_pdf(), at=datetime(2060, 1, 1, tzinfo=UTC))
    assert fact["verdict"] == "indeterminate"


def test_a_kind_of_signature_that_is_not_supported_is_not_called_unsigned(check: Check) -> None:
    odd = made.signed_pdf().replace(b"/ETSI.CAdES.detached", b"/XXXX.CAdES.detached")
    (fact,) = check(odd)
    assert word(fact) == ("indeterminate", "GENERIC")
    assert "/XXXX" in fact["evidence"]["failure"]


def test_what_is_no_pdf_is_a_failure_of_the_file(check: Check) -> None:
    with pytest.raises(SandboxFailure):
        check(b"%PDF-1.4\nnothing")


def test_roots_are_read_from_a_bundle_and_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hai.pem").write_bytes(made.authority().root + made.stranger().root)
    (tmp_path / "mot.crt").write_bytes(made.authority().root)
    assert len(read_roots(tmp_path / "hai.pem")) == 2
    assert len(read_roots(tmp_path)) == 3


def test_a_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("không phải chứng thư")
    with pytest.raises(NotPossible, match=r"x\.pem"):
        read_roots(tmp_path / "x.pem")
