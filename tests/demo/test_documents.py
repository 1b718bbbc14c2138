from __future__ import annotations

import unicodedata
from datetime import date
from io import BytesIO
from random import Random

import pikepdf
import pypdfium2
import pytest
from docx import Document
from openpyxl import load_workbook
from PIL import Image

from archive_service.demo.documents import Paper, born_digital, write_paper
from archive_service.demo.drawings import drawn
from archive_service.demo.office import word, workbook
from archive_service.demo.people import organisation
from archive_service.demo.scans import scanned

ABOUT = "Phê duyệt phương án bồi thường, hỗ trợ, tái định cư dự án hồ Suối Vàng"


def paper(code: str = "QĐ", seed: int = 1) -> Paper:
    agency = organisation().agency("bach-sa")
    return write_paper(code, 15, date(2024, 6, 10), ABOUT, agency, "TNMT", "dat_dai", Random(seed))


def words(pdf: bytes) -> str:
    """The text of all pages, lines joined."""
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)


@pytest.fixture(scope="module")
def scan() -> bytes:
    return scanned(paper(), Random(1))


def test_a_born_digital_document_says_what_decree_30_wants() -> None:
    text = words(born_digital(paper()))
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: 15/QĐ-UBND",
        "Bạch Sa, ngày 10 tháng 6 năm 2024",
        ABOUT,
        "Nơi nhận:",
        "TM. ỦY BAN NHÂN DÂN CHỦ TỊCH",
        "Nông Đức Lượng",
    ):
        assert said in text


def test_the_letters_of_the_seal_are_drawn_and_not_read() -> None:
    assert "★" not in words(born_digital(paper()))


@pytest.mark.parametrize("code", ["BB", "BC", "CV", "HĐ", "TTr"])
def test_every_shape_of_document_is_text_in_nfc(code: str) -> None:
    text = words(born_digital(paper(code)))
    assert unicodedata.is_normalized("NFC", text)
    assert len(text.split()) > 200


def test_an_official_letter_has_its_abstract_below_the_number() -> None:
    assert "Số: 15/UBND-TNMT V/v Phê duyệt" in words(born_digital(paper("CV")))


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert born_digital(paper()) == born_digital(paper())
    assert word(paper("BC")) == word(paper("BC"))
    assert workbook(paper("DT")) == workbook(paper("DT"))
    assert drawn(paper("BV"), Random(4)) == drawn(paper("BV"), Random(4))


def test_another_seed_writes_other_words() -> None:
    assert words(born_digital(paper(seed=1))) != words(born_digital(paper(seed=2)))


def test_a_scan_is_found_by_the_words_of_its_page(scan: bytes) -> None:
    assert ABOUT in words(scan)
    assert unicodedata.is_normalized("NFC", words(scan))


def test_a_scan_is_a_colour_jpeg_of_200_dpi_on_a_whole_page(scan: bytes) -> None:
    with pikepdf.open(BytesIO(scan)) as pdf:
        [(_, image)] = pdf.pages[0].Resources.XObject.items()
        assert float(pdf.pdf_version) >= 1.4
        assert image.Filter == "/DCTDecode"
        assert image.Width / (float(pdf.pages[0].mediabox[2]) / 72) == pytest.approx(200, abs=0.5)


def test_the_text_over_a_scan_is_not_seen(scan: bytes) -> None:
    with pikepdf.open(BytesIO(scan)) as pdf:
        [(_, image)] = pdf.pages[0].Resources.XObject.items()
        sheet = Image.open(BytesIO(image.read_raw_bytes())).convert("RGB").resize((827, 1170))
    with pypdfium2.PdfDocument(scan) as document:
        drawn_page = document[0].render(scale=100 / 72).to_pil().convert("RGB").resize(sheet.size)
    dark = [sum(page.convert("L").histogram()[:120]) for page in (sheet, drawn_page)]
    assert dark[1] == pytest.approx(dark[0], rel=0.15)


def test_a_word_document_holds_the_parts_and_tables() -> None:
    document = Document(BytesIO(word(paper("BC"))))
    assert any("TNMT" in cell.text for table in document.tables for cell in table._cells)
    assert document.core_properties.title == f"Báo cáo 15/BC-UBND: {ABOUT}"
    assert document.core_properties.modified.date() == date(2024, 6, 10)


def test_a_spreadsheet_holds_its_sums_as_numbers() -> None:
    sheet = load_workbook(BytesIO(workbook(paper("DT")))).worksheets[0]
    sums = [row[4] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert len(sums) == 24
    assert all(isinstance(each, int) for each in sums)


def test_a_drawing_has_no_text_and_200_dpi() -> None:
    image = Image.open(BytesIO(drawn(paper("BV"), Random(1))))
    assert (image.format, image.info["dpi"], image.size) == ("JPEG", (200, 200), (2339, 1654))
