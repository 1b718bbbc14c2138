"""`archive invariants`: every place held against the others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from archive_service.cli.frame import AsJson, both, language, opened, report
from archive_service.invariants import check_invariants
from archive_service.invariants.words import words_of
from archive_service.kernel.actors import OPERATOR
from preservation.invariants.breach import Breach

NAMES = {
    "roots": "kho lưu",
    "copies": "bản lưu",
    "objects": "đối tượng",
    "system-objects": "đối tượng hệ thống",
    "counts": "số văn bản và tệp",
    "index": "chỉ mục",
    "jobs": "tác vụ",
    "submissions": "gói nộp",
    "origins": "nguồn gốc hồ sơ",
    "certificates": "biên bản hủy",
    "receipts": "xác nhận đã xóa",
    "papers": "giấy tờ",
    "log": "nhật ký",
    "rows": "từng dòng",
}
"""Check → what it is called in Vietnamese."""


def invariants(
    against: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Also compare with this rebuilt or restored database, row for row."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold catalogue, storage, index, jobs, papers and log against each other. Exit code 1 when two of them differ."""
    with opened() as archive:
        found = check_invariants(archive, OPERATOR, against)
    counts = ", ".join(f"{both(f'{NAMES[name]} ({name})', name)} {n}" for name, n in found.counts.items())
    lines = [both("Số sai lệch của từng phép đối chiếu: ", "Differences by check: ") + counts]
    lines += [_line(each) for each in found.breaches] or [
        both("Mọi nơi khớp nhau.", "Every place says the same.")
    ]
    told = {"checks": found.counts, "breaches": [_told(each) for each in found.breaches]}
    report(told, lines, as_json=as_json, good=found.whole)


def _told(breach: Breach) -> dict[str, str]:
    words = words_of(breach.code)
    return {**asdict(breach), "wrong": words.wrong(language()), "todo": words.todo(language())}


def _line(breach: Breach) -> str:
    words = words_of(breach.code)
    compared = both(
        f" (thấy {breach.found or '–'}, cần {breach.expected})",
        f" (found {breach.found or '–'}, expected {breach.expected})",
    )
    return (
        f"{breach.code} {breach.subject}: {words.wrong(language())}"
        + (compared if breach.expected else f" ({breach.found})" if breach.found else "")
        + f". {words.todo(language())}."
    )
