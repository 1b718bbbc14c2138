"""The same questions asked by a reader and by an officer: words without tones, a number, a date."""

from __future__ import annotations

from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller
from preservation.reading.find import find
from search.index import Query

QUESTIONS = ("quyet dinh", "quyết định", "15/QĐ-UBND", "duong", "14/7/2009", "cầu Lam Khê", "đất công")
READER, OFFICER = "docgia", "luutruvien"


def show_searches(stage: Stage, teller: Teller) -> None:
    teller.act("Tra cứu", "Searching", "/search")
    for text in QUESTIONS:
        (read, exact), (seen, exact_seen) = found(stage, READER, text), found(stage, OFFICER, text)
        teller.result(
            f"“{text}”: độc giả thấy {read} (đúng dấu {exact}), lưu trữ viên thấy {seen} (đúng dấu {exact_seen})",
            f"“{text}”: the reader finds {read} ({exact} with these tones), the officer {seen} ({exact_seen})",
        )


def found(stage: Stage, username: str, text: str) -> tuple[int, int]:
    """How many this person finds, and how many of them with the very tones."""
    page = find(stage.archive, stage.actor(username), Query(text=text)).page
    return page.total, page.exact_total
