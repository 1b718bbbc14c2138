from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.kernel.sandbox import Sandbox
from ingest.checks import Examination
from ingest.checks.formats import check_formats
from ingest.checks.signatures import check_signatures
from tests import made
from tests.ingest.checks.examined import RULES, codes, examined


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def identified(folder: Path, sandbox: Sandbox, *roots: bytes, **files: bytes) -> Examination:
    named = {f"{name}.pdf": content for name, content in files.items()}
    examination = examined(folder, sandbox, named, trust_roots=roots)
    list(check_formats(examination))
    return examination


def test_a_good_signature_is_no_finding_and_its_report_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    examination = identified(tmp_path, sandbox, made.authority().root, a=made.signed_pdf())
    assert codes(check_signatures(examination)) == []
    (report,) = examination.facts["data/a.pdf"].signatures
    assert (report["verdict"], report["signer"]) == ("total_passed", "Trần Thị Bình")


def test_each_verdict_has_its_code_and_severity(sandbox: Sandbox, tmp_path: Path) -> None:
    signed = made.signed_pdf()
    broken = signed[:600] + bytes([signed[600] ^ 1]) + signed[601:]
    odd = signed.replace(b"/ETSI.CAdES.detached", b"/XXXX.CAdES.detached")
    examination = identified(tmp_path, sandbox, made.stranger().root, a=made.pdf(), b=broken, c=signed, d=odd)
    findings = list(check_signatures(examination))
    assert [(each.code, RULES.severity(each).value) for each in findings] == [
        ("unsigned", "note"),
        ("signature-broken", "error"),
        ("signature-untrusted", "warning"),
        ("signature-indeterminate", "warning"),
    ]
    assert "Trần Thị Bình: nội dung đã bị thay đổi sau khi ký" in RULES.sentence(findings[1])


def test_a_locked_pdf_is_left_to_the_formats_and_no_pdf_is_not_asked(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    examination = identified(tmp_path, sandbox, a=made.locked_pdf(user="mat-khau"), b=made.word("x"))
    assert codes(check_signatures(examination)) == []


def test_a_pdf_that_cannot_be_read_was_not_checked(sandbox: Sandbox, tmp_path: Path) -> None:
    examination = identified(tmp_path, sandbox, a=b"%PDF-1.4\n%%EOF\n")
    assert codes(check_signatures(examination)) == [("signature-not-checked", "a.pdf")]
