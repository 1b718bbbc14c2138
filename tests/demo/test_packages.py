"""The packages as the demo sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from archive_service.demo.dossiers import DemoPackage, make_packages
from archive_service.demo.folders import demo_dossiers, write_folder
from archive_service.demo.seals import Seals, make_seals
from preservation.bagit.check import check_bag
from preservation.description.model import METADATA, DossierDescription
from preservation.description.parse import parse_metadata
from tests.judges.java import Verdict

Bags = dict[str, Path]


@pytest.fixture(scope="module")
def seals() -> Seals:
    return make_seals()


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def packages(
    tmp_path_factory: pytest.TempPathFactory, seals: Seals, told: list[tuple[int, int]]
) -> list[DemoPackage]:
    def progress(done: int, of: int, title: str) -> None:
        told.append((done, of))

    return make_packages(tmp_path_factory.mktemp("packages"), seals, progress=progress)


@pytest.fixture(scope="module")
def bags(packages: list[DemoPackage], tmp_path_factory: pytest.TempPathFactory) -> Bags:
    """The unpacked bags by file code."""
    out = tmp_path_factory.mktemp("bags")
    for package in packages:
        with ZipFile(package.path) as container:
            container.extractall(out)
    return {package.file_code: out / package.file_code for package in packages}


def faulty(packages: list[DemoPackage], bags: Bags, kind: str) -> Path:
    return next(bags[package.file_code] for package in packages if package.faulty_kind == kind)


def described(bag: Path) -> DossierDescription:
    return parse_metadata((bag / METADATA).read_bytes())


def intact_and_trusted(pdf: Path, root: bytes) -> list[tuple[bool, bool]]:
    context = ValidationContext(trust_roots=list(load_certs_from_pemder_data(root)), allow_fetching=False)
    with pdf.open("rb") as stream:
        signatures = PdfFileReader(stream).embedded_signatures
        found = [validate_pdf_signature(each, context) for each in signatures]
    return [(each.intact and each.valid, each.trusted) for each in found]


def test_there_are_fifteen_good_dossiers_with_sixty_documents_and_four_faulty(
    packages: list[DemoPackage],
) -> None:
    good = [package for package in packages if not package.faulty_kind]
    assert len(good) == 15
    assert sum(package.documents for package in good) >= 60
    kinds = sorted(package.faulty_kind for package in packages if package.faulty_kind)
    assert kinds == ["broken-signature", "changed-byte", "metadata", "secret"]


def test_progress_is_told_after_each_package(
    packages: list[DemoPackage], told: list[tuple[int, int]]
) -> None:
    assert told == [(done, len(packages)) for done in range(1, len(packages) + 1)]


def test_every_bag_verifies_but_the_one_with_a_changed_byte(packages: list[DemoPackage], bags: Bags) -> None:
    broken = [package.faulty_kind for package in packages if check_bag(bags[package.file_code]).findings]
    assert broken == ["changed-byte"]


def test_a_changed_byte_is_a_wrong_digest_of_one_file(packages: list[DemoPackage], bags: Bags) -> None:
    findings = check_bag(faulty(packages, bags, "changed-byte")).findings
    assert {finding.code for finding in findings} == {"bag-digest-mismatch"}
    assert len({finding.path for finding in findings}) == 1


def test_wrong_metadata_has_no_title_bad_dates_and_a_file_too_many(
    packages: list[DemoPackage], bags: Bags
) -> None:
    bag = faulty(packages, bags, "metadata")
    description = described(bag)
    assert "Title" not in description.tags
    assert description.tags["StartDate"] == "31/02/2013"
    listed = {path for document in description.documents for path in document.files}
    lying = {path.relative_to(bag).as_posix() for path in (bag / "data").rglob("*.*")} - {METADATA}
    assert lying - listed == {"data/ghi chú không có trong mục lục.txt"}


def test_an_altered_document_breaks_its_signature(
    packages: list[DemoPackage], bags: Bags, seals: Seals
) -> None:
    first, second, *_ = sorted(faulty(packages, bags, "broken-signature").rglob("*.pdf"))
    assert [intact for intact, _ in intact_and_trusted(first, seals.root)] == [False, False]
    assert intact_and_trusted(second, seals.root) == [(True, True), (True, True)]


def test_a_secret_dossier_declares_it(packages: list[DemoPackage], bags: Bags) -> None:
    assert described(faulty(packages, bags, "secret")).tags["Rights"] == "Mật"


def test_good_signatures_hold_and_only_the_firm_is_unknown(
    packages: list[DemoPackage], bags: Bags, seals: Seals
) -> None:
    good = [bags[package.file_code] for package in packages if not package.faulty_kind]
    verdicts = [
        each for bag in good for pdf in bag.rglob("*.pdf") for each in intact_and_trusted(pdf, seals.root)
    ]
    assert len(verdicts) > 30
    assert all(intact for intact, _ in verdicts)
    assert [trusted for _, trusted in verdicts].count(False) == 2, "one stored long ago, one in today's inbox"


def test_every_pdf_that_we_make_is_pdf_a(
    packages: list[DemoPackage], bags: Bags, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    good = [bags[package.file_code] for package in packages if not package.faulty_kind]
    pdfs = sorted(pdf for bag in good for pdf in bag.rglob("*.pdf"))
    verdict = verapdf(pdfs, "2b")
    assert verdict.accepted, verdict.said
    assert verdict.examined == len(pdfs)


def test_at_least_two_terms_are_over_and_every_access_mode_occurs() -> None:
    good = [dossier for dossier in demo_dossiers() if not dossier.fault]
    terms = [
        int(each.maintenance.split()[0]) + each.documents[-1].date.year
        for each in good
        if each.maintenance[0].isdigit()
    ]
    assert len([over for over in terms if over < 2024]) >= 2
    assert {each.rights for each in good} == {"Công khai", "Hạn chế", "Riêng tư"}
    assert {each.maintenance for each in good} == {"Vĩnh viễn", "70 năm", "20 năm", "10 năm", "5 năm"}


def test_the_same_seed_gives_the_same_unsigned_files(tmp_path: Path, seals: Seals) -> None:
    dossier = next(each for each in demo_dossiers() if each.notation == "07.CPXD")
    short = replace(dossier, documents=dossier.documents[2:4])
    first, again, other = (
        write_folder(tmp_path / name, short, seals, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    files = [
        sorted((path.name, path.read_bytes()) for path in folder.iterdir())
        for folder in (first, again, other)
    ]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_codes_and_lengths_are_as_the_law_has_them() -> None:
    codes = [dossier.file_code for dossier in demo_dossiers()]
    assert len(set(codes)) == len(codes)
    assert all(
        len(code) <= 60 and len(dossier.agency.identifier) == 13
        for code, dossier in zip(codes, demo_dossiers(), strict=True)
    )
