from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from archive_service.kernel.sandbox import FailureKind, Sandbox, SandboxFailure
from preservation.ask_text import ask_text
from preservation.kinds import kind_of
from preservation.text import clean, decode
from tests import made

PDF, DOCX, XLSX, ODT, TXT, HTML, PNG = (
    "fmt/477",
    "fmt/412",
    "fmt/214",
    "fmt/1756",
    "x-fmt/111",
    "fmt/471",
    "fmt/11",
)
SENTENCE = "Ủy ban nhân dân tỉnh, số 15/QĐ-UBND: ẲẪỖỆ gạ ỵ"


def text_of(sandbox: Sandbox, file: Path, content: bytes, puid: str) -> list[str]:
    file.write_bytes(content)
    return ask_text(sandbox, file, puid)


def test_a_pdf_gives_its_text_page_by_page(sandbox: Sandbox, file: Path) -> None:
    pages = text_of(sandbox, file, made.pdf("Tờ trình thứ nhất", "Phụ lục"), PDF)
    assert [page.strip() for page in pages] == ["Tờ trình thứ nhất", "Phụ lục"]


def test_a_word_document_keeps_its_paragraphs(sandbox: Sandbox, file: Path) -> None:
    (page,) = text_of(sandbox, file, made.word(SENTENCE, "Nơi nhận:"), DOCX)
    assert page.splitlines()[:2] == [SENTENCE, "Nơi nhận:"]


def test_a_workbook_gives_a_page_a_sheet(sandbox: Sandbox, file: Path) -> None:
    book = made.workbook(HoSo=[["Số", "Tên"], [15, "Đường"]], Khac=[["x"]])
    assert text_of(sandbox, file, book, XLSX) == ["HoSo\nSố\tTên\n15\tĐường", "Khac\nx"]


def test_an_opendocument_text_is_read(sandbox: Sandbox, file: Path) -> None:
    assert text_of(sandbox, file, made.opendocument(SENTENCE, "Hai"), ODT) == [f"{SENTENCE}\nHai"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_plain_text_is_read_in_every_unicode(encoding: str) -> None:
    assert decode(SENTENCE.encode(encoding)) == SENTENCE


def test_the_older_vietnamese_code_page_is_read() -> None:
    assert decode("Đươ\u0300ng 3/2".encode("cp1258")) == "Đường 3/2"


def test_markup_and_scripts_are_no_text(sandbox: Sandbox, file: Path) -> None:
    page = f"<!DOCTYPE html><title>Tên</title><script>ẩn()</script><p>{SENTENCE}</p><p>Hai</p>"
    (text,) = text_of(sandbox, file, page.encode(), HTML)
    assert [line for line in text.splitlines() if line] == ["Tên", SENTENCE, "Hai"]


def test_a_page_that_names_its_encoding_is_believed(sandbox: Sandbox, file: Path) -> None:
    page = '<html><head><meta charset="windows-1252"></head><body>caf\xe9</body></html>'
    assert text_of(sandbox, file, page.encode("cp1252"), HTML)[0].strip() == "café"


def test_an_image_and_an_unknown_file_have_no_text(sandbox: Sandbox, file: Path) -> None:
    assert text_of(sandbox, file, made.image(), PNG) == []
    assert text_of(sandbox, file, b"\x00\x01", "UNKNOWN") == []


def test_what_databases_refuse_is_taken_out() -> None:
    assert clean("a\x00b\ud800c\r\nd") == "a b?c\nd"


def test_a_zip_bomb_in_a_word_document_is_refused_before_it_is_unpacked(sandbox: Sandbox, file: Path) -> None:
    bomb = made.package({"word/document.xml": b" " * 100_000})
    # What the list of contents says of the unpacked size: 3.75 GiB.
    bomb = bomb.replace(struct.pack("<I", 100_000), struct.pack("<I", 0xF0000000))
    with pytest.raises(SandboxFailure) as caught:
        text_of(sandbox, file, bomb, DOCX)
    assert (caught.value.kind, caught.value.detail[:13]) == (FailureKind.raised, "OverblownFile")


def test_a_bomb_of_entities_is_refused(sandbox: Sandbox, file: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    laughs = f'<!DOCTYPE d [<!ENTITY l0 "ha">{levels}]><w:d {word}><w:p><w:t>&l11;</w:t></w:p></w:d>'
    with pytest.raises(SandboxFailure, match="amplification"):
        text_of(sandbox, file, made.package({"word/document.xml": laughs}), DOCX)


def test_a_workbook_that_claims_all_rows_is_read_at_once(sandbox: Sandbox, file: Path) -> None:
    honest, out = zipfile.ZipFile(io.BytesIO(made.workbook(A=[["x"]]))), {}
    for name in honest.namelist():
        out[name] = honest.read(name).replace(b'<dimension ref="A1:A1"', b'<dimension ref="A1:XFD1048576"')
    honest.close()
    assert any(b"XFD1048576" in content for content in out.values())
    assert text_of(sandbox, file, made.package(out), XLSX) == ["A\nx"]


def test_a_damaged_pdf_is_a_failure_of_the_file(sandbox: Sandbox, file: Path) -> None:
    with pytest.raises(SandboxFailure) as caught:
        text_of(sandbox, file, b"%PDF-1.4\nnothing", PDF)
    assert caught.value.kind is FailureKind.raised


def test_every_kind_is_told_by_its_identifier() -> None:
    assert [kind_of(puid) for puid in (PDF, DOCX, XLSX, ODT, TXT, HTML, PNG, "fmt/134")] == [
        "pdf",
        "docx",
        "xlsx",
        "opendocument",
        "text",
        "html",
        "image",
        "other",
    ]
