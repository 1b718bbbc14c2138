"""Wrong usage in one sentence and where help is; `usage_vi.toml` says Typer's English in Vietnamese."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import typer

SENTENCES: dict[str, str] = tomllib.loads(
    files("archive_service.cli").joinpath("usage_vi.toml").read_text(encoding="utf-8")
)
PATTERNS = tuple(
    (re.compile(re.escape(english).replace(r"\{\}", "(.*?)"), re.DOTALL), vietnamese)
    for english, vietnamese in SENTENCES.items()
)


def in_vietnamese(english: str) -> str:
    """The sentence in Vietnamese, with the parts that it quotes; what the table lacks stays as it is.

    >>> in_vietnamese("Invalid value for '--port': Input should be less than or equal to 65535")
    "Giá trị của '--port' không hợp lệ: cần số không lớn hơn 65535."
    """
    for pattern, vietnamese in PATTERNS:
        if found := pattern.fullmatch(english):
            return vietnamese.format(*map(in_vietnamese, found.groups()))
    return english


def tell_misuse(error: typer.TyperException, language: str) -> None:
    """Writes to the error stream what is wrong and which command explains; nothing where help was shown instead."""
    english = error.format_message()
    if not english:
        return
    typer.echo(english if language == "en" else in_vietnamese(english), err=True)
    if context := getattr(error, "ctx", None):
        about = "Help" if language == "en" else "Xem hướng dẫn"
        typer.echo(f"{about}: {context.command_path} --help", err=True)
