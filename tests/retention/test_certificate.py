"""The certificate: the same facts give the same bytes, and an independent judge finds PDF/A-2b."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive_service.kernel.log import Anchor
from retention.destruction.certificate import Destroyed, Facts, Left, draw_certificate
from tests.judges.java import Verdict

FACTS = Facts(
    agency="Lưu trữ Sở Nội vụ tỉnh Hải Vân",
    number="03/2026",
    issued_at=datetime(2026, 3, 2, tzinfo=UTC),
    clause="Luật Lưu trữ 01/2011/QH13, Điều 28",
    list_name="Danh mục tài liệu hết giá trị",
    council="Hội đồng xác định giá trị tài liệu",
    minutes="05/BB-HĐ, 20/02/2026",
    minutes_sha256="ab" * 32,
    decision="12/QĐ-SNV",
    decided_at="09:00:00 20/02/2026",
    not_before="09:00:00 27/02/2026",
    started_at="09:00:00 02/03/2026",
    finished_at="09:01:01 02/03/2026",
    entries_digest="cd" * 32,
    people={"Người lập danh mục": "Nguyễn Thị Ưởng", "Người quyết định": "Đỗ Văn Ngọ"},
    destroyed=(
        Destroyed(
            code="000.00.12.H99.2010.18.TCCB",
            title="Hồ sơ tuyển dụng công chức",
            reason="Hết thời hạn bảo quản 10 năm",
            documents=12,
            size=1_234_567,
            inventory="ef" * 64,
            receipts={"Bản sao kho-chinh": "09:01:00 02/03/2026", "Cơ sở dữ liệu": "09:01:01 02/03/2026"},
        ),
    ),
    left=(Left("000.00.12.H99.2010.19.TCCB", "44/CV-TTr: Phục vụ thanh tra"),),
    anchor=Anchor(12, "aa" * 32, "bb" * 64),
)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert draw_certificate(FACTS) == draw_certificate(FACTS)


def test_another_anchor_gives_another_certificate() -> None:
    other = replace(FACTS, anchor=Anchor(13, "aa" * 32, "bb" * 64))
    assert draw_certificate(FACTS) != draw_certificate(other)


def test_the_certificate_is_pdf_a(tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]) -> None:
    made = tmp_path / "certificate.pdf"
    made.write_bytes(draw_certificate(FACTS))
    verdict = verapdf([made], "2b")
    assert verdict.accepted, verdict.said
