from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from archive_service.demo.typesetting import typesetter
from preservation.bagit.check import check_bag
from preservation.description.model import METADATA, DossierDescription
from preservation.description.parse import parse_metadata
from tests.journeys.samples import DOCUMENT, DOSSIER, VARIABLE, build_samples, samples_folder

HEAD = """STT|Phông|Mục lục|Hộp số|Số và ký hiệu hồ sơ|Tiêu đề hồ sơ|Thời hạn bảo quản|Chế độ sử dụng|Ngôn ngữ|Ngày bắt đầu
Tháng bắt đầu|Năm bắt đầu|Ngày kết thúc|Tháng kết thúc|Năm kết thúc|Tổng số văn bản trong hồ sơ|Chú giải|Ký hiệu thông tin
Từ khóa|Số lượng tờ|Tình trạng vật lý|Mức độ tin cậy|Mã hồ sơ giấy gốc ( nếu có )|Ghi chú|Số thứ tự văn bản trong hồ sơ
Tên loại văn bản|Số của văn bản|Ký hiệu của văn bản|Ngày văn bản|Tháng văn bản|Năm văn bản
Tên cơ quan, tổ chức ban hành văn bản|Trích yếu nội dung|Ngôn ngữ|Số lượng trang của văn bản|Ghi chú|Ký hiệu thông tin
Từ khóa|Chế độ sử dụng|Mức độ tin cậy|Bút tích|Tình trạng vật lý|Quy trình xử lý ( nếu có )|Tờ số|Loại tài liệu
Đường dẫn file"""
COLUMNS = HEAD.replace("\n", "|").split("|")
CODE = "001.03.08.H99.81.2024.K4.01.02"


@pytest.fixture
def digitised(tmp_path: Path) -> Path:
    """A digitiser's delivery with one invented dossier of two documents."""
    folder = tmp_path / "delivery"
    scans = folder / "PDF" / "Chi cuc" / "hoso02"
    scans.mkdir(parents=True)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(COLUMNS)
    for ordinal in (1, 2):
        name = f"{CODE}.{ordinal:03}.pdf"
        (scans / name).write_bytes(typesetter().pdf(f"Trang {ordinal}"))
        sheet.append(_row(ordinal, f"\\Chi cuc\\hoso02\\{name}"))
    book.save(folder / "metadata.xlsx")
    return folder


def _row(ordinal: int, path: str) -> list[object]:
    cells: dict[int, object] = {
        0: ordinal,
        2: "01",
        4: "02",
        5: "Tập lưu văn bản đi",
        6: "Vĩnh viễn",
        8: "Tiếng Việt",
    }
    cells |= {
        9: 1,
        10: 7,
        11: 2010,
        12: 30,
        13: 12,
        14: 2010,
        15: 130,
        19: 248,
        24: ordinal,
        25: "Công văn",
        26: 136,
    }
    cells |= {
        27: "/ĐN-CC - TC",
        28: "07",
        29: "07",
        30: 2010,
        31: "Chi cục hư cấu",
        32: "Xin bổ sung kinh phí",
    }
    cells |= {45: path}
    return [cells.get(place) for place in range(len(COLUMNS))]


def described(bag: Path) -> DossierDescription:
    return parse_metadata((bag / METADATA).read_bytes())


def test_every_column_that_is_mapped_is_in_the_sheet() -> None:
    twice = {f"{name} (2)" for name in COLUMNS if COLUMNS.count(name) == 2}
    assert {*DOSSIER, *DOCUMENT} <= {*COLUMNS, *twice}


def test_a_digitised_dossier_becomes_a_bag_with_the_laws_tags(digitised: Path, tmp_path: Path) -> None:
    [bag] = build_samples(digitised, tmp_path / "bags")
    description = described(bag)
    assert check_bag(bag).findings == []
    assert description.tags["FileCode"] == CODE
    assert description.tags["StartDate"] == "01/07/2010"
    assert description.tags["Rights"] == "Hạn chế"
    assert [each.tags["CodeNotation"] for each in description.documents] == ["ĐN-CC-TC", "ĐN-CC-TC"]
    assert [each.files for each in description.documents] == [
        (f"data/{CODE}.001.pdf",),
        (f"data/{CODE}.002.pdf",),
    ]


def test_a_row_whose_scan_is_missing_stops_the_work(digitised: Path, tmp_path: Path) -> None:
    next(digitised.rglob("*.002.pdf")).unlink()
    with pytest.raises(ValueError):
        build_samples(digitised, tmp_path / "bags")


@pytest.mark.skipif(samples_folder() is None, reason=f"{VARIABLE} names no folder of real digitised dossiers")
def test_the_real_scans_become_bags_that_verify(tmp_path: Path) -> None:
    samples = samples_folder()
    assert samples is not None
    bags = build_samples(samples, tmp_path / "bags")
    assert bags
    assert [check_bag(bag).findings for bag in bags] == [[] for _ in bags]
