"""The same questions asked by a reader and by an officer: words without tones, a number, a date."""

from __future__ import annotations

from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller, table
from preservation.find import find
from search.index import Query

QUESTIONS = ("quyet dinh", "quyết định", "15/QĐ-UBND", "duong", "14/7/2009", "cầu Lam Khê", "đất công")
READER, OFFICER = "docgia", "luutruvien"


def show_searches(stage: Stage, teller: Teller) -> None:
    teller.act("Tra cứu", "Searching", "/search")
    counts = [(text, found(stage, READER, text), found(stage, OFFICER, text)) for text in QUESTIONS]
    vi = table([("Gõ (thấy; trong đó đúng dấu)", "Độc giả", "Lưu trữ viên"), *counts])
    en = table([("Typed (found; of them with these tones)", "Reader", "Officer"), *counts])
    for each in zip(vi, en, strict=True):
        teller.result(*each)


def found(stage: Stage, username: str, text: str) -> str:
    page = find(stage.archive, stage.actor(username), Query(text=text)).page
    return f"{page.total}; {page.exact_total}"
