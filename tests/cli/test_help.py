"""Help speaks the language of whoever asks: Vietnamese, unless English was chosen."""

from __future__ import annotations

import pytest
import typer

from archive_service.cli import app
from archive_service.cli.help_texts import unsaid
from tests.cli.terminal import Terminal


def test_every_sentence_of_the_help_has_its_vietnamese() -> None:
    assert unsaid(typer.main.get_command(app)) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--language", "vi", "bag", "check", "--help"), "đúng mọi mã băm"),
        (("--language=vi", "--help"), "Khởi tạo khóa"),
        (("--language", "en", "--help"), "Make keys"),
        (("log", "--help"), "The audit log."),
    ],
)
def test_help_is_given_in_the_language_asked_for(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert told in archive(*words).out


def test_without_any_choice_it_is_vietnamese(archive: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANG")
    monkeypatch.setenv("COLUMNS", "200")
    assert "Chữ ký số." in archive("--help").out
