from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from archive_service.kernel.sandbox import FailureKind, Sandbox, SandboxFailure
from preservation.ask_pages import WIDTHS, ask_page, ask_page_facts
from tests import made

PDF, JPEG, PNG, TIFF, DOCX = "fmt/477", "fmt/43", "fmt/11", "fmt/353", "fmt/412"


def drawn(
    sandbox: Sandbox, file: Path, content: bytes, puid: str, page: int = 1, width: int = 800
) -> Image.Image:
    file.write_bytes(content)
    return Image.open(io.BytesIO(ask_page(sandbox, file, puid, page, width)))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_drawn_in_the_width_that_was_asked(sandbox: Sandbox, file: Path, width: int) -> None:
    picture = drawn(sandbox, file, made.pdf(), PDF, width=width)
    assert (picture.format, picture.width) == ("PNG", width)
    assert picture.convert("L").getextrema()[0] < 100


def test_a_scanned_page_is_a_jpeg(sandbox: Sandbox, file: Path) -> None:
    assert drawn(sandbox, file, made.scanned_pdf(), PDF).format == "JPEG"


def test_an_image_is_drawn_no_larger_than_it_is(sandbox: Sandbox, file: Path) -> None:
    assert drawn(sandbox, file, made.image("JPEG", size=(1000, 500)), JPEG).size == (800, 400)
    assert drawn(sandbox, file, made.image("PNG", size=(300, 200)), PNG).size == (300, 200)


def test_a_page_that_is_not_there_is_an_index_error(sandbox: Sandbox, file: Path) -> None:
    with pytest.raises(IndexError):
        drawn(sandbox, file, made.pdf(), PDF, page=2)
    with pytest.raises(IndexError):
        drawn(sandbox, file, made.word(), DOCX)


def test_no_other_width_is_drawn(sandbox: Sandbox, file: Path) -> None:
    with pytest.raises(ValueError, match="401"):
        drawn(sandbox, file, made.pdf(), PDF, width=401)


def test_a_scan_tells_its_resolution_and_colour(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.scanned_pdf("RGB", "L", "1", dpi=150, version="1.3"))
    facts = ask_page_facts(sandbox, file, PDF)
    assert (facts["pages"], facts["pdf_version"], facts["encrypted"]) == (3, "1.3", False)
    assert [(scan["page"], scan["dpi"], scan["colour"]) for scan in facts["scans"]] == [
        (1, 150, True),
        (2, 150, False),
        (3, 150, False),
    ]


def test_layers_of_a_scan_tell_the_coarsest_and_the_finest(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.layered_pdf())
    [scan] = ask_page_facts(sandbox, file, PDF)["scans"]
    assert (scan["dpi"], scan["finest_dpi"], scan["colour"]) == (150, 300, True)


def test_a_born_digital_page_is_no_scan_and_tells_its_claim(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.pdf())
    facts = ask_page_facts(sandbox, file, PDF)
    assert (facts["pages"], facts["claims_pdfa"], facts["scans"]) == (1, "2B", [])


def test_a_password_is_told_apart_from_restrictions(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.locked_pdf(user="bi-mat"))
    assert ask_page_facts(sandbox, file, PDF)["pages"] is None
    file.write_bytes(made.locked_pdf(user=""))
    facts = ask_page_facts(sandbox, file, PDF)
    assert (facts["encrypted"], facts["pages"]) == (True, 1)


def test_an_image_tells_what_it_states(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.image("TIFF", mode="L", dpi=300))
    assert ask_page_facts(sandbox, file, TIFF)["scans"] == [
        {"page": 1, "dpi": 300, "finest_dpi": 300, "colour": False}
    ]


def test_an_image_of_fifty_thousand_pixels_a_side_is_not_unpacked(sandbox: Sandbox, file: Path) -> None:
    header = struct.pack("!IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    with pytest.raises(SandboxFailure) as caught:
        drawn(sandbox, file, _png(header, zlib.compress(b"")), PNG)
    assert caught.value.kind is FailureKind.raised
    assert drawn(sandbox, file, made.pdf(), PDF).width == 800


def test_a_huge_page_is_drawn_small(sandbox: Sandbox, file: Path) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9000000 900000000] >>"
    picture = drawn(sandbox, file, _one_page(page), PDF)
    assert picture.width < 800
    assert picture.height <= 6400


def _png(header: bytes, data: bytes) -> bytes:
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _one_page(page: bytes) -> bytes:
    catalogue, pages = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate((catalogue, pages, page), 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 4\n0000000000 65535 f \n" + table + end


def test_the_words_that_were_sought_are_marked_on_the_picture(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.pdf("Về việc phê duyệt quyết định"))

    def yellow(*marks: str) -> int:
        picture = Image.open(io.BytesIO(ask_page(sandbox, file, PDF, 1, 800, marks))).convert("RGB")
        return sum(n for n, colour in picture.getcolors(1 << 20) or () if colour == (255, 226, 122))

    assert yellow() == yellow("khôngcó") == 0
    assert 0 < yellow("quyết") < yellow("quyết", "định")
