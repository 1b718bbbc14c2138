"""Real digitised dossiers into bags: the digitiser's spreadsheet mapped onto the law's tags.

The environment variable ARCHIVE_TEST_SAMPLES names a folder; in it, or somewhere below, lies a `metadata.xlsx` with a row
a document, and the scans that its last column points to. Nothing of it is part of this project.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from archive_service.demo.folders import dossier_toml
from ingest.sip_build import build_sip

VARIABLE = "ARCHIVE_TEST_SAMPLES"
Row = dict[str, str]

#: Column → tag. Names occur twice (dossier, then document): the second one has " (2)".
DOSSIER = {
    "Mục lục": "FileCatalog",
    "Số và ký hiệu hồ sơ": "FileNotation",
    "Tiêu đề hồ sơ": "Title",
    "Thời hạn bảo quản": "Maintenance",
    "Chế độ sử dụng": "Rights",
    "Ngôn ngữ": "Language",
    "Tổng số văn bản trong hồ sơ": "TotalDoc",
    "Chú giải": "Description",
    "Ký hiệu thông tin": "InforSign",
    "Từ khóa": "Keyword",
    "Số lượng tờ": "SheetNumber",
    "Tình trạng vật lý": "Format",
    "Mã hồ sơ giấy gốc ( nếu có )": "paperFileCode",
}
DOCUMENT = {
    "Số thứ tự văn bản trong hồ sơ": "DocOrdinal",
    "Tên loại văn bản": "TypeName",
    "Số của văn bản": "CodeNumber",
    "Tên cơ quan, tổ chức ban hành văn bản": "OrganName",
    "Trích yếu nội dung": "Subject",
    "Ngôn ngữ (2)": "Language",
    "Số lượng trang của văn bản": "PageAmount",
    "Ghi chú (2)": "Description",
    "Ký hiệu thông tin (2)": "InforSign",
    "Từ khóa (2)": "Keyword",
    "Chế độ sử dụng (2)": "Mode",
    "Mức độ tin cậy (2)": "ConfidenceLevel",
    "Bút tích": "Autograph",
    "Tình trạng vật lý (2)": "Format",
}


def samples_folder() -> Path | None:
    """Where the real dossiers are, or None when nobody named a folder."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    return next((sheet.parent for sheet in sorted(Path(named).rglob("metadata.xlsx"))), Path(named))


def build_samples(samples: Path, out: Path, *, rights: str = "Hạn chế") -> list[Path]:
    """A bag folder below `out` for each dossier of the spreadsheet, in its order.

    `rights` fills an empty access mode. Dates, totals and resolution stay as the digitiser left them: their warnings
    are the archive's to give.
    """
    return [_build(samples, out, code, rows, rights) for code, rows in _dossiers(read_rows(samples)).items()]


def read_rows(samples: Path) -> Iterator[Row]:
    """Every row of the sheet by column name, cells as trimmed strings."""
    # Whole, not read_only: that mode keeps the file open for as long as its sheet lives.
    sheet = load_workbook(samples / "metadata.xlsx", data_only=True).worksheets[0]
    head, *lines = sheet.iter_rows(values_only=True)
    columns = list(_told_apart(str(name or "").strip() for name in head))
    for line in lines:
        yield {name: _text(cell) for name, cell in zip(columns, line, strict=True)}


def scan_of(samples: Path, row: Row) -> Path:
    """The scan that a row points to, with backslashes and below some folder of the digitiser."""
    parts = [part for part in row["Đường dẫn file"].split("\\") if part]
    found = [path for path in samples.rglob(parts[-1]) if path.parts[-len(parts) :] == tuple(parts)]
    [scan] = found
    return scan


def file_code(row: Row) -> str:
    """The dossier's code: the scan's name without the document's ordinal (TT 02/2019 Đ.6.1).

    >>> file_code({"Đường dẫn file": "a\\\\001.03.08.H30.81.2024.K4.01.01.005.pdf"})
    '001.03.08.H30.81.2024.K4.01.01'
    """
    return row["Đường dẫn file"].rsplit("\\", 1)[-1].removesuffix(".pdf").rpartition(".")[0]


def _build(samples: Path, out: Path, code: str, rows: list[Row], rights: str) -> Path:
    folder = out / f"{code}.folder"
    folder.mkdir(parents=True)
    documents = []
    for row in rows:
        scan = scan_of(samples, row)
        shutil.copyfile(scan, folder / scan.name)
        documents.append({"files": [scan.name], **_document_tags(row)})
    toml = dossier_toml(_dossier_tags(code, rows[0], rights), documents)
    (folder / "dossier.toml").write_text(toml, encoding="utf-8")
    build_sip(folder, out / code)
    return out / code


def _dossiers(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(file_code(row), []).append(row)
    return found


def _dossier_tags(code: str, row: Row, rights: str) -> dict[str, str]:
    tags = _mapped(row, DOSSIER)
    return {
        "FileCode": code,
        **_code_parts(code),
        **tags,
        "Rights": tags.get("Rights") or rights,
        "StartDate": _date(row, "bắt đầu"),
        "EndDate": _date(row, "kết thúc"),
    }


def _code_parts(code: str) -> dict[str, str]:
    """The archives' identifier (13 characters) and the fonds' code, between it and inventory and dossier number.

    >>> _code_parts("001.03.08.H30.81.2024.K4.01.02")
    {'Identifier': '001.03.08.H30', 'OrganId': '81.2024.K4'}
    """
    return {"Identifier": code[:13], "OrganId": code[14:].rsplit(".", 2)[0]}


def _document_tags(row: Row) -> dict[str, str]:
    notation = re.sub(r"\s*-\s*", "-", row["Ký hiệu của văn bản"].lstrip("/ "))
    return {**_mapped(row, DOCUMENT), "CodeNotation": notation, "IssuedDate": _date(row, "văn bản")}


def _mapped(row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    return {tag: row[name] for name, tag in columns.items() if row[name]}


def _date(row: Row, of: str) -> str:
    """As the digitiser gave it, true or not: the archive judges it."""
    given = [row[f"{part} {of}"] for part in ("Ngày", "Tháng", "Năm")]
    return "/".join(part.zfill(2) for part in given if part)


def _told_apart(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        yield f"{name} (2)" if name in seen else name
        seen.add(name)


def _text(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())
