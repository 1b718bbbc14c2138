"""Whatever can be recorded can be read by people."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from archive_service.kernel.events import Verb
from archive_service.web.audit import details_shown
from archive_service.web.sentences import Sentences, table


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_verb_of_the_log_has_words(language: str) -> None:
    assert [verb.value for verb in Verb if f"verb.{verb.value}" not in table(language)] == []


def recorded_details() -> set[str]:
    """The names of every detail that the source gives to `record`."""
    places = ("archive_service", "ingest", "preservation", "retention", "search")
    sources = (path.read_text("utf-8") for place in places for path in Path(place).rglob("*.py"))
    calls = (node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    acts = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "record")
    return {word.arg for act in acts for word in act.keywords if word.arg}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_detail_of_the_log_has_a_name_in_words(language: str) -> None:
    assert {name for name in recorded_details() if f"log_detail.{name}" not in table(language)} == set()


def test_details_are_told_without_a_code_of_the_program() -> None:
    told = details_shown({"root": "ban-sao", "whole": True, "copies": ["a", "b"]}, Sentences("vi"))
    assert told == [("Kho lưu", "ban-sao"), ("Toàn bộ", "có"), ("Các bản sao", "a; b")]
