"""The same papers as Word documents and spreadsheets. Same paper: same bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side

from archive_service.demo.documents import Paper
from archive_service.demo.prose import Part, spelled

FONT = "Times New Roman"
MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
CENTRE = WD_ALIGN_PARAGRAPH.CENTER


def word(paper: Paper) -> bytes:
    """A DOCX with the letterhead, parts, tables and signature of the paper."""
    document = Document()
    _page_and_font(document)
    _letterhead(document, paper)
    for text in ([paper.type.upper()] if paper.type != "Công văn" else []) + [paper.subject]:
        _line(document.add_paragraph(), text, bold=True)
    for part in paper.parts:
        _add(document, part)
    _foot(document, paper)
    properties = document.core_properties
    properties.title, properties.author, properties.language = paper.title, paper.agency.name, "vi"
    properties.created = properties.modified = paper.signed_at.astimezone(UTC).replace(tzinfo=None)
    properties.last_modified_by = paper.agency.name
    return _repacked(_saved(document), paper.signed_at)


def workbook(paper: Paper) -> bytes:
    """An XLSX: heading lines, then the paper's first table with its figures as numbers."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = paper.type
    book.properties.title, book.properties.creator = paper.title, paper.agency.name
    for line in (paper.agency.name, f"Số: {paper.number}/{paper.symbol}", paper.subject, *_sentences(paper)):
        sheet.append([line])
    sheet["A3"].font = Font(name=FONT, size=13, bold=True)
    thin = Side(style="thin")
    for row in _table(paper):
        sheet.append([_figure(cell) for cell in row])
        for cell in sheet[sheet.max_row]:
            cell.border, cell.font = Border(thin, thin, thin, thin), Font(name=FONT, size=11)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            cell.number_format = "#,##0"
    for column, width in zip("ABCDEF", (6, 28, 24, 11, 18, 14), strict=True):
        sheet.column_dimensions[column].width = width
    out = BytesIO()
    book.save(out)
    return _repacked(out.getvalue(), paper.signed_at)


def _page_and_font(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(30), Mm(18)
    section.top_margin = section.bottom_margin = Mm(20)
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(13)


def _letterhead(document: WordDocument, paper: Paper) -> None:
    left, right = document.add_table(rows=1, cols=2).rows[0].cells
    agency = paper.agency
    _cell(left, agency.superior.upper(), agency.heading.upper(), f"Số: {paper.number}/{paper.symbol}", bold=1)
    _cell(right, *MOTTO, f"{agency.place}, ngày {spelled(paper.day)}", bold=0)
    document.add_paragraph()


def _foot(document: WordDocument, paper: Paper) -> None:
    left, right = document.add_table(rows=1, cols=2).rows[0].cells
    for text in ("Nơi nhận:", *(f"- {name}" for name in paper.recipients)):
        left.add_paragraph().add_run(text).font.size = Pt(11)
    agency = paper.agency
    _cell(right, agency.capacity.upper(), agency.position.upper(), "", "(Đã ký)", "", agency.signer, bold=1)


def _cell(cell: _Cell, *lines: str, bold: int) -> None:
    """Centred lines, empty ones at the front left out; the one numbered `bold` is bold."""
    for number, text in enumerate(lines):
        if text or number > bold:
            _line(cell.add_paragraph(), text, bold=number == bold)


def _line(paragraph: Paragraph, text: str, *, bold: bool = False) -> None:
    paragraph.alignment = CENTRE
    paragraph.add_run(text).bold = bold


def _add(document: WordDocument, part: Part) -> None:
    if part.kind == "table":
        table = document.add_table(rows=0, cols=len(part.rows[0]), style="Table Grid")
        for row in part.rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
        return
    paragraph = document.add_paragraph()
    if part.label:
        paragraph.add_run(part.label + " ").bold = True
    run = paragraph.add_run(part.text)
    run.bold, run.italic = part.kind in ("heading", "order"), part.kind == "ground"


def _sentences(paper: Paper) -> list[str]:
    return [part.text for part in paper.parts if part.kind == "paragraph"]


def _table(paper: Paper) -> tuple[tuple[str, ...], ...]:
    return next(part.rows for part in paper.parts if part.kind == "table")


def _figure(cell: str) -> str | int:
    """
    >>> _figure("1.234.000"), _figure("xã Nà Sơn")
    (1234000, 'xã Nà Sơn')
    """
    digits = cell.replace(".", "")
    return int(digits) if digits.isdigit() else cell


def _saved(document: WordDocument) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _repacked(office: bytes, at: datetime) -> bytes:
    """The same entries dated `at`: both libraries stamp the machine's time into the zip, openpyxl into core.xml too."""
    out = BytesIO()
    stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    with ZipFile(BytesIO(office)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            new.writestr(ZipInfo(entry.filename, at.timetuple()[:6]), content, ZIP_DEFLATED)
    return out.getvalue()
