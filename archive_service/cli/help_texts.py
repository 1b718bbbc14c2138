"""Help in Vietnamese: the commands carry English sentences, `help_vi.toml` says each in Vietnamese."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from typer import Context, rich_utils

SENTENCES: dict[str, str] = tomllib.loads(
    files("archive_service.cli").joinpath("help_vi.toml").read_text(encoding="utf-8")
)
FRAME = (
    "ARGUMENTS_PANEL_TITLE",
    "OPTIONS_PANEL_TITLE",
    "COMMANDS_PANEL_TITLE",
    "REQUIRED_LONG_STRING",
    "DEFAULT_STRING",
    "ENVVAR_STRING",
)
"""What Typer itself writes round our sentences. A name that it no longer has costs nothing but that word."""


def speak_vietnamese(command: Any) -> None:
    """Puts the Vietnamese sentences into a command, its options and all commands below it."""
    for name in FRAME:
        text = getattr(rich_utils, name, "")
        setattr(rich_utils, name, SENTENCES.get(text, text))
    for part in _parts(command):
        if part.help:
            part.help = SENTENCES.get(part.help, part.help)


def _parts(command: Any) -> Iterator[Any]:
    """Everything with a `help`: commands, arguments, options, the option `--help` itself."""
    yield command
    yield from (each for each in command.params if hasattr(each, "help"))
    yield command.get_help_option(Context(command))
    for below in getattr(command, "commands", {}).values():
        yield from _parts(below)


def unsaid(command: Any) -> list[str]:
    """Sentences of a command and all below it that have no Vietnamese."""
    return sorted({part.help for part in _parts(command) if part.help} - set(SENTENCES))
