"""Secrecy, integrity, structure and metadata: a good package has no finding, and each fault has its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import Sandbox
from archive_service.regulations import load
from ingest.checks import Circumstances, Examination
from ingest.checks.integrity import check_integrity
from ingest.checks.metadata import check_metadata
from ingest.checks.secrecy import check_secrecy, declared_secrecy
from ingest.checks.structure import check_structure
from preservation.description import METADATA
from tests.builders import CODE, BagBuilder

RULES = load()
FIRST = f"data/{CODE}.001.pdf"
PLACE = f"{METADATA}#1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1, preload=("lxml.etree",)) as sandbox:
        yield sandbox


@pytest.fixture
def examine(sandbox: Sandbox, tmp_path: Path) -> Examine:
    return Examine(sandbox, tmp_path)


class Examine:
    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.circumstances = Circumstances(RULES, sandbox, datetime(2026, 11, 21, tzinfo=UTC))
        self.folder = folder
        self.examination: Examination

    def __call__(self, builder: BagBuilder) -> list[Finding]:
        self.examination = Examination(builder.build(self.folder / "goi"), self.circumstances)
        checks = (check_integrity, check_structure, check_secrecy, check_metadata)
        return [finding for check in checks for finding in check(self.examination)]


def told(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(each.code, each.path) for each in findings}


def test_a_good_package_has_no_finding_and_every_file_its_facts(examine: Examine) -> None:
    assert examine(BagBuilder()) == []
    fact = examine.examination.facts[FIRST]
    assert (fact.size, len(fact.sha256), len(fact.sha512)) == (19, 64, 128)
    assert examine.examination.description == BagBuilder().description()


PACKAGE_FAULTS = [
    (BagBuilder(altered=FIRST), "bag-digest-mismatch", FIRST),
    (BagBuilder(dropped=FIRST), "document-file-missing", FIRST),
    (BagBuilder(added="data/la.txt"), "file-without-document", "data/la.txt"),
    (BagBuilder(metadata=b""), "metadata-missing", METADATA),
    (BagBuilder(metadata=b"<x/>"), "metadata-unreadable", METADATA),
    (BagBuilder(documents=0), "dossier-empty", METADATA),
    (BagBuilder(links=()), "document-without-file", METADATA),
    (BagBuilder(links=(FIRST, "data/../metadata.xml")), "document-file-missing", "data/../metadata.xml"),
    (BagBuilder(links=(FIRST, METADATA)), "document-file-missing", METADATA),
    (BagBuilder(links=(FIRST, f"data/{CODE}.002.pdf")), "file-of-several-documents", f"data/{CODE}.002.pdf"),
    (BagBuilder(extra={"data/la.txt": b"x"}), "file-without-document", "data/la.txt"),
    (BagBuilder(files={FIRST: b""}), "file-empty", FIRST),
    (BagBuilder(document={"DocOrdinal": "2"}), "document-ordinal-repeated", METADATA),
    (BagBuilder(document={"DocOrdinal": "9"}), "document-ordinal-gap", METADATA),
    (BagBuilder(rename={FIRST: "data/quyetdinh.pdf"}), "file-name-rule", "data/quyetdinh.pdf"),
    (BagBuilder(dossier={"Tittle": "x"}), "metadata-tag-unknown", METADATA),
    (BagBuilder(document={"Signature": "x"}), "metadata-tag-unknown", PLACE),
    (BagBuilder(dossier={"EndDate": "31/02/2020"}), "metadata-type", METADATA),
    (BagBuilder(document={"PageAmount": "hai"}), "metadata-type", PLACE),
    (BagBuilder(document={"IssuedDate": "2020-06-15"}), "metadata-type", PLACE),
    (BagBuilder(dossier={"Title": "a" * 1001}), "metadata-length", METADATA),
    (BagBuilder(document={"DocOrdinal": "00001"}), "metadata-length", PLACE),
    (BagBuilder(dossier={"Title": None}), "metadata-required-missing", METADATA),
    (BagBuilder(document={"DocOrdinal": None}), "metadata-required-missing", PLACE),
    (BagBuilder(dossier={"OrganId": None}), "metadata-expected-missing", METADATA),
    (BagBuilder(dossier={"FileNotation": "32.TTr"}), "metadata-file-code-parts", METADATA),
    (BagBuilder(document={"FileCode": "khác"}), "metadata-other-dossier", PLACE),
    (BagBuilder(document={"DocCode": "000.00.12.H43.2020.2"}), "metadata-doc-code-repeated", METADATA),
    (BagBuilder(document={"DocCode": f"{CODE}.001"}), "metadata-doc-code-is-file-code", PLACE),
    (BagBuilder(dossier={"StartDate": "01/01/2021"}), "metadata-date-order", METADATA),
    (BagBuilder(document={"IssuedDate": "2019"}), "metadata-date-outside", PLACE),
    (BagBuilder(document={"IssuedDate": "01/2021"}), "metadata-date-outside", PLACE),
    (BagBuilder(dossier={"TotalDoc": "22"}), "metadata-total-documents", METADATA),
    (BagBuilder(dossier={"PageNumber": "7"}), "metadata-total-pages", METADATA),
    (BagBuilder(dossier={"Rights": "tùy"}), "metadata-access-unknown", METADATA),
    (BagBuilder(document={"Mode": "tùy"}), "metadata-access-unknown", PLACE),
    (BagBuilder(every_document={"Mode": None}), "metadata-access-missing", METADATA),
    (BagBuilder(dossier={"Maintenance": "02"}), "metadata-retention-unknown", METADATA),
    (BagBuilder(dossier={"Rights": "03"}), "secrecy-declared", METADATA),
    (BagBuilder(document={"Mode": "Tối mật"}), "secrecy-declared", PLACE),
    (BagBuilder(document={"Priority": "Mật"}), "secrecy-declared", PLACE),
    (BagBuilder(document={"DoMat": "Tuyệt mật"}), "secrecy-declared", PLACE),
]


@pytest.mark.parametrize(
    ("builder", "code", "path"), PACKAGE_FAULTS, ids=[code for _, code, _ in PACKAGE_FAULTS]
)
def test_each_fault_is_told_with_its_place(
    examine: Examine, builder: BagBuilder, code: str, path: str
) -> None:
    assert (code, path) in told(examine(builder))


def test_a_link_whose_marks_are_encoded_otherwise_is_told_as_that(examine: Examine) -> None:
    decomposed = unicodedata.normalize("NFD", "data/phụ lục.xlsx")
    builder = BagBuilder(links=(FIRST, "data/phụ lục.xlsx"), extra={decomposed: b"x"})
    assert told(examine(builder)) == {("file-name-form", decomposed)}


def test_a_tag_given_twice_is_told(examine: Examine) -> None:
    metadata = b'<v:dossier xmlns:v="urn:vn-archive:dossier:1"><Title>a</Title><Title>b</Title></v:dossier>'
    assert ("metadata-tag-repeated", METADATA) in told(examine(BagBuilder(metadata=metadata)))


def test_hostile_metadata_is_a_finding_and_no_error(examine: Examine) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert told(examine(BagBuilder(metadata=bomb))) == {("metadata-unreadable", METADATA)}


@pytest.mark.parametrize(
    "changes",
    [
        {"Mode": "Không mật"},
        {"Priority": "3"},
        {"Subject": "Về việc ban hành Quy chế bảo vệ bí mật nhà nước"},
        {"InforSign": "03"},
    ],
)
def test_a_word_in_a_title_or_a_bare_number_declares_no_secret(changes: dict[str, str | None]) -> None:
    assert list(declared_secrecy(BagBuilder(document=changes).description(), RULES)) == []


@pytest.mark.parametrize("name", ["{}.1.pdf", "{}.0001.pdf", "con/{}.001.docx"])
def test_the_file_name_rule_takes_any_padding_ending_and_folder(examine: Examine, name: str) -> None:
    assert examine(BagBuilder(rename={FIRST: "data/" + name.format(CODE)})) == []


def test_an_attachment_may_have_any_name(examine: Examine) -> None:
    builder = BagBuilder(links=(FIRST, "data/phụ lục.xlsx"), extra={"data/phụ lục.xlsx": b"x"})
    assert examine(builder) == []


def test_partial_dates_that_may_lie_inside_are_no_finding(examine: Examine) -> None:
    assert examine(BagBuilder(document={"IssuedDate": "2020"}, dossier={"StartDate": "06/2020"})) == []


def test_numbers_of_thousands_of_digits_break_nothing(examine: Examine) -> None:
    builder = BagBuilder(
        document={"DocOrdinal": "9" * 5000},
        dossier={"TotalDoc": "9" * 5000, "Maintenance": "9" * 5000 + " năm"},
    )
    assert ("metadata-length", PLACE) in told(examine(builder))
