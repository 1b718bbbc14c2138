from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.kernel.findings import Severity
from archive_service.kernel.sandbox import FailureKind, Sandbox, SandboxFailure
from ingest.checks.ask import not_parsed
from ingest.checks.formats import check_formats
from ingest.checks.page_amounts import check_page_amounts
from ingest.checks.scan_quality import check_scan_quality
from preservation.description import DocumentDescription, DossierDescription
from tests import made
from tests.ingest.checks.examined import RULES, codes, examined


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def test_good_files_give_no_finding_and_their_facts_are_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    files = {"a.pdf": made.pdf("Một", "Hai"), "b.docx": made.word("Ba"), "c.png": made.image()}
    examination = examined(tmp_path, sandbox, files)
    assert codes(check_formats(examination)) == []
    assert codes(check_scan_quality(examination)) == []
    fact = examination.facts["data/a.pdf"]
    assert (fact.puid, fact.mime, fact.pages) == ("fmt/477", "application/pdf", 2)
    assert "byte match" in fact.format_basis


@pytest.mark.parametrize(
    ("code", "name", "content"),
    [
        ("format-unknown", "a.khong", bytes(range(256)) * 8),
        ("format-not-listed", "a.webp", made.image("WEBP")),
        ("format-discouraged", "a.pdf", made.scanned_pdf(version="1.3")),
        (
            "format-refused",
            "a.exe",
            b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0\x4c\x01" + bytes(18) + b"\x0b\x01",
        ),
        ("format-extension-mismatch", "a.docx", made.pdf()),
        ("file-encrypted", "a.pdf", made.locked_pdf(user="mat-khau")),
        ("file-restricted", "a.pdf", made.locked_pdf(user="")),
        ("file-unreadable", "a.png", made.image()[:60] + made.image()[-12:]),
    ],
)
def test_each_fault_of_a_file_has_its_code(
    code: str, name: str, content: bytes, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert codes(check_formats(examined(tmp_path, sandbox, {name: content}))) == [(code, name)]


def test_what_broke_a_limit_is_too_heavy_and_what_did_not_parse_is_unreadable() -> None:
    heavy = not_parsed("data/a.pdf", SandboxFailure(FailureKind.memory, "2048 MiB resident"))
    damaged = not_parsed("data/a.pdf", SandboxFailure(FailureKind.raised, "PdfiumError: no page"))
    assert [heavy.code, heavy.got] == ["file-too-heavy", "memory"]
    assert [damaged.code, damaged.got] == ["file-unreadable", "PdfiumError: no page"]


def test_poor_scans_are_told_with_their_pages(sandbox: Sandbox, tmp_path: Path) -> None:
    scans = made.scanned_pdf("RGB", "L", "L", dpi=150, version="1.3")
    examination = examined(tmp_path, sandbox, {"a.pdf": scans, "tot.pdf": made.scanned_pdf()})
    list(check_formats(examination))
    findings = list(check_scan_quality(examination))
    assert [(each.code, each.path, each.got) for each in findings] == [
        ("scan-resolution", "data/a.pdf", "150 dpi (1-3)"),
        ("scan-colour", "data/a.pdf", "2-3"),
        ("scan-pdf-version", "data/a.pdf", "1.3"),
    ]
    assert {RULES.severity(each) for each in findings} == {Severity.warning}


def test_a_coarse_background_under_fine_writing_is_told_as_layers(sandbox: Sandbox, tmp_path: Path) -> None:
    examination = examined(tmp_path, sandbox, {"a.pdf": made.layered_pdf()})
    list(check_formats(examination))
    [finding] = check_scan_quality(examination)
    assert (finding.code, finding.got) == ("scan-layered", "150 / 300 dpi (1)")


def test_a_document_with_other_pages_than_it_declares_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    examination = examined(tmp_path, sandbox, {"a.pdf": made.scanned_pdf("RGB", "RGB")})
    list(check_formats(examination))
    for declared, found in (("2", []), ("7", [("metadata-page-amount", "metadata.xml#1")])):
        document = DocumentDescription({"PageAmount": declared}, ("data/a.pdf",))
        examination.description = DossierDescription({}, (document,))
        assert codes(check_page_amounts(examination)) == found
