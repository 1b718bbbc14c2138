"""A list as a spreadsheet: typed cells, and a second sheet that says who made it, when, with which filter.

What producers wrote is text and stays text: a title that begins with "=" is never a formula.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from urllib.parse import quote

from fastapi import Request, Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from archive_service.web.frame import sentences, viewer_of
from archive_service.web.labels import Label
from archive_service.web.lists import Asked
from archive_service.web.sentences import Sentences
from archive_service.web.texts import shorten, vietnam

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TIME_FORMAT, DATE_FORMAT = "dd/mm/yyyy hh:mm:ss", "dd/mm/yyyy"
LONGEST_CELL = 32_767
SHEET_NAME = 31
# What the format forbids in a cell; openpyxl raises on these, and a title may hold them.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def workbook(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], origin: Sequence[tuple[str, object]]
) -> bytes:
    """The bytes of an xlsx file. Streaming: rows are written as they come.

    A cell is text, a number (int, Decimal, float), a date, a time (aware, shown in Vietnam time) or empty;
    anything else raises TypeError. `origin` are the lines of the second sheet: who, when, filter.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    try:
        sheet.append([_cell(sheet, name, bold=True) for name in columns])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    finally:
        # Left open after an error, the half-written sheet would complain when it is collected.
        sheet.close()
    about = book.create_sheet("Nguồn" if _sheet_name(title) != "Nguồn" else "Nguồn dữ liệu")
    for name, value in origin:
        about.append([_cell(about, name, bold=True), _cell(about, value)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx_response(name: str, content: bytes) -> Response:
    """The file as attachment, with its Vietnamese name (RFC 6266)."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"list.xlsx\"; filename*=UTF-8''{quote(name)}.xlsx",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def list_response(request: Request, asked: Asked, title: str, rows: Iterable[Any]) -> Response:
    """All rows of a list as it was asked for: its columns that have a sheet value, its filter and order."""
    t, viewer = sentences(request), viewer_of(request)
    columns = [(column, column.sheet) for column in asked.columns if column.sheet]
    chosen = "; ".join(f"{t(one.label)}: {one.words(asked.values[one.name])}" for one in asked.chosen)
    sorted_by = next((column for column in asked.columns if column.name == asked.sort), None)
    order = "descending" if asked.descending else "ascending"
    origin = [
        (t("sheet.made_by"), viewer.name if viewer else ""),
        (t("sheet.made_at"), request.app.state.site.now()),
        (t("sheet.filter"), chosen or t("sheet.no_filter")),
        (t("sheet.order"), t(f"list.{order}", column=t(sorted_by.label)) if sorted_by else ""),
    ]
    cells = ([_in_words(value(row), t) for _, value in columns] for row in rows)
    return xlsx_response(title, workbook(title, [t(column.label) for column, _ in columns], cells, origin))


def _in_words(value: object, t: Sentences) -> object:
    """A state, or a function of the sentences, as the reader's language says it: no code of ours in a cell."""
    if isinstance(value, Label):
        return value.words(t.language)
    return value(t) if callable(value) else value


def _cell(sheet: Any, value: object, bold: bool = False) -> Any:
    shown = _written(value)
    # openpyxl's types leave out Decimal, date and None, which it writes as they are.
    cell = WriteOnlyCell(sheet, cast(Any, shown))
    if isinstance(shown, str):
        # openpyxl takes text that begins with "=" for a formula.
        cell.data_type = "s"
    elif isinstance(shown, date):
        cell.number_format = TIME_FORMAT if isinstance(shown, datetime) else DATE_FORMAT
    if bold:
        cell.font = Font(bold=True)
    return cell


def _written(value: object) -> str | int | float | Decimal | date | None:
    if isinstance(value, datetime):
        # The format has no time zones.
        return vietnam(value).replace(tzinfo=None)
    if isinstance(value, str):
        # Markup and other kinds of str are written as plain text.
        return UNWRITABLE.sub("\ufffd", str(value))[:LONGEST_CELL]
    if value is None or isinstance(value, (int, float, Decimal, date)):
        return value
    raise TypeError(f"a cell is text, number, date or empty, not {type(value).__name__}")


def _sheet_name(title: str) -> str:
    """A sheet's name: 31 characters, none of those that the format forbids, cut between words."""
    allowed = re.sub(r"[\[\]:*?/\\']", " ", title)
    return shorten(allowed, SHEET_NAME - 1)[:SHEET_NAME] or "1"
