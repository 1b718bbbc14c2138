"""Help speaks the language of whoever asks: Vietnamese, unless English was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from archive_service.cli import app
from archive_service.cli.help_texts import unsaid
from tests.cli.terminal import Terminal

APP = typer.main.get_command(app)


def test_every_sentence_of_the_help_has_its_vietnamese() -> None:
    assert unsaid(APP) == []


def commands(command: Any, name: str = "archive") -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    if not below:
        yield name, command
    for word, each in below.items():
        yield from commands(each, f"{name} {word}")


def test_every_command_is_documented_with_its_json() -> None:
    told = (Path(__file__).parents[2] / "docs/operating/commands.md").read_text()
    lines = {name: [line for line in told.splitlines() if f"`{name}" in line] for name, _ in commands(APP)}
    assert [name for name, found in lines.items() if not found] == []
    speaking = {name for name, each in commands(APP) if any("--json" in p.opts for p in each.params)}
    assert {name for name, found in lines.items() if "--json" in found[0].split("|")[1]} == speaking


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
