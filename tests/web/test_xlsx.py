"""Exported sheets hold typed cells and never a formula."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from archive_service.web.xlsx import MEDIA_TYPE, workbook, xlsx_response
from tests.web.preview import MARKS


def read(rows: list[list[object]], title: str = "Gói chờ quyết định") -> Any:
    return load_workbook(io.BytesIO(workbook(title, ["Hồ sơ"], rows, [("Người xuất", "Trần Thị Ánh")])))


def test_text_that_looks_like_a_formula_stays_text() -> None:
    for text in ('=HYPERLINK("http://evil")', "+1", "-1", "@x"):
        cell = read([[text]]).worksheets[0]["A2"]
        assert cell.value == text and cell.data_type == "s"


def test_numbers_dates_and_times_keep_their_type() -> None:
    instant = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    row = read([[12, Decimal("1.5"), date(2021, 3, 5), instant]]).worksheets[0][2]
    assert [cell.data_type for cell in row] == ["n", "n", "d", "d"]
    assert row[3].value == datetime(2026, 11, 21, 1, 0) and row[3].number_format == "dd/mm/yyyy hh:mm:ss"


def test_vietnamese_marks_come_back_as_they_were() -> None:
    assert read([[MARKS]]).worksheets[0]["A2"].value == MARKS


def test_a_control_character_is_replaced_and_the_sheet_still_opens() -> None:
    assert read([["a\x00b"]]).worksheets[0]["A2"].value == "a\ufffdb"


def test_the_second_sheet_says_who_made_it() -> None:
    about = read([["x"]]).worksheets[1]
    assert (about["A1"].value, about["B1"].value) == ("Người xuất", "Trần Thị Ánh")


def test_a_cell_of_no_known_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not dict"):
        workbook("x", ["a"], [[{}]], [])


@pytest.mark.parametrize("title", ["Danh mục 03/2026: [x]", "x" * 80, "Nguồn", ""])
def test_any_title_makes_a_sheet(title: str) -> None:
    assert len(read([["x"]], title).sheetnames) == 2


def test_the_file_is_an_attachment_with_its_vietnamese_name() -> None:
    answer = xlsx_response("Gói chờ", b"x")
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''G%C3%B3i%20ch%E1%BB%9D.xlsx")


def test_a_list_exports_its_columns_its_filter_and_its_order(client: TestClient) -> None:
    answer = client.get("/sips?unit=2&sort=title&format=xlsx")
    assert answer.headers["content-type"] == MEDIA_TYPE
    book = load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.worksheets[0][1]] == ["Hồ sơ", "Đơn vị giao nộp", "Văn bản", "Hạn"]
    assert book.worksheets[0].max_row == 61
    about = {row[0].value: row[1].value for row in book.worksheets[1]}
    assert about["Người xuất"] == "Trần Thị Ánh" and about["Bộ lọc"] == "Đơn vị giao nộp: Sở Nội vụ"
    assert about["Thứ tự"] == "Xếp theo Hồ sơ, tăng dần"
