"""The two pages for producers that are made from the tables: every finding, and every field.

`python -m archive_service.regulations.producer_pages docs/producers` writes them again; a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from archive_service.kernel.findings import URN
from archive_service.regulations.rules import Level, Rules, load
from archive_service.regulations.tables import Certainty, Field, Message, Obligation

SEVERITIES = {"error": "lỗi / error", "warning": "cảnh báo / warning", "note": "ghi chú / note"}
CERTAINTIES = {
    Certainty.text: "bản chính thức / text",
    Certainty.second_hand: "bản chép / second-hand",
    Certainty.unsure: "chưa xác minh / unsure",
    Certainty.own: "yêu cầu của kho / ours",
}
LEVELS: tuple[tuple[Level, str], ...] = (
    ("dossier", "Hồ sơ / Dossier"),
    ("document", "Văn bản, tài liệu / Document"),
    ("fonds", "Phông / Fonds"),
)


def findings_page(rules: Rules) -> str:
    head = (
        "# Danh sách phát hiện / Findings\n\n"
        "Trang này được tạo từ bảng thông báo của kho. Mã không bao giờ thay đổi; câu chữ có thể được sửa. "
        "Mức *lỗi* thì gói được trả lại hoặc từ chối; *cảnh báo* thì người làm lưu trữ xem trước khi quyết định.\n\n"
        "This page is made from the archive's table of messages. Codes never change; wording may. An *error* returns or "
        f"refuses the package; a *warning* is looked at by an officer. The URN of a finding is `{URN}` and its code. "
        "`{path}`, `{got}` and `{expected}` stand for the place, what was found and what is required.\n"
    )
    return head + "".join(_finding(code, rules.messages[code]) for code in sorted(rules.messages))


def _finding(code: str, row: Message) -> str:
    basis = f"- Căn cứ / Basis: {row.clause}\n" if row.clause else ""
    return (
        f"\n## {code}\n\n"
        f"- Mức / Severity: {SEVERITIES[row.severity]}\n{basis}"
        f"- vi: {row.vi} {row.remedy_vi}\n"
        f"- en: {row.en} {row.remedy_en}\n"
    )


def fields_page(rules: Rules) -> str:
    head = (
        "# Bảng trường / Fields\n\n"
        "Trang này được tạo từ bảng trường của kho. Tên trường, kiểu, độ dài theo Thông tư 02/2019/TT-BNV, Phụ lục I; "
        "cột cuối cho biết mức bắt buộc và độ tin cậy của thông tin. Độ dài vượt quá là cảnh báo.\n\n"
        "This page is made from the archive's field tables. Tags, types and lengths are those of Circular "
        "02/2019/TT-BNV, Annex I; the last columns tell the obligation and how sure each fact is.\n"
    )
    return head + "".join(_fields(rules, level, title) for level, title in LEVELS)


def _fields(rules: Rules, level: Level, title: str) -> str:
    rows = [*rules.fields(level), *rules.supplements.get(level, ())]
    lines = [
        f"\n## {title}\n",
        "| Trường / Tag | Tên | Name | Kiểu / Type | Bắt buộc / Required | Nguồn / Basis | Độ tin cậy / Certainty |",
        "|---|---|---|---|---|---|---|",
        *map(_field, rows),
    ]
    return "\n".join(lines) + "\n"


def _field(field: Field) -> str:
    size = f" ≤ {field.length}" if field.length else ""
    required = (
        f"có / yes ({CERTAINTIES[field.obligation_certainty]})"
        if field.obligation is Obligation.required
        else ""
    )
    cells = (
        f"`{field.tag}`",
        field.name_vi,
        field.name_en,
        field.type + size,
        required,
        field.clause,
        CERTAINTIES[field.certainty],
    )
    return f"| {' | '.join(cells)} |"


def pages(rules: Rules) -> dict[str, str]:
    """File name and text of each page."""
    return {"findings.md": findings_page(rules), "fields.md": fields_page(rules)}


if __name__ == "__main__":
    for name, text in pages(load()).items():
        Path(sys.argv[1], name).write_text(text, encoding="utf-8")
