"""What every command shares: the language, how a result is told, and which exit code it ends with.

Exit codes: 0 good, 1 findings, 2 usage or not possible.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import typer

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.findings import Severity
from archive_service.kernel.settings import load_settings
from archive_service.migrations import require_current
from archive_service.work import Archive
from preservation.roots.markers import require_roots

chosen: ContextVar[str] = ContextVar("chosen", default="")
GOOD, FINDINGS, NOT_POSSIBLE = 0, 1, 2

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of sentences.")]


def group(name: str, text: str) -> typer.Typer:
    return typer.Typer(name=name, help=text, no_args_is_help=True, add_completion=False)


def language() -> str:
    """Vietnamese unless `--language` or LANG says English."""
    wanted = chosen.get() or os.environ.get("LANG", "")
    return "en" if wanted.lower().startswith("en") else "vi"


def both(vi: str, en: str) -> str:
    return en if language() == "en" else vi


@contextmanager
def opened(*, ready: bool = True) -> Iterator[Archive]:
    """The archive of the settings in force. `ready`: set up, of this version, and its roots are its own."""
    archive = Archive(load_settings())
    try:
        if ready:
            require_ready(archive)
        yield archive
    finally:
        archive.close()


def require_ready(archive: Archive) -> None:
    """Refuses, before any write, what is not set up, of another version, or has roots of another archive."""
    archive.keys  # noqa: B018  (an archive without keys was never set up: said before the database is missed)
    require_current(archive.engine)
    require_roots(archive)


def severity_word(severity: Severity) -> str:
    words = {
        Severity.error: both("LỖI", "ERROR"),
        Severity.warning: both("CẢNH BÁO", "WARNING"),
        Severity.note: both("Ghi chú", "Note"),
    }
    return words[severity]


def require_path(path: Path) -> None:
    """Refuses a path that does not exist, in the user's language."""
    if not path.exists():
        raise NotPossible(f"Không có {path}.", f"There is no {path}.", name="no-such-file")


def report(value: Any, lines: Iterable[str], *, as_json: bool, good: bool = True) -> None:
    """Prints the result and ends the command: 0, or 1 when there is something to look at."""
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))
    else:
        for line in lines:
            typer.echo(line)
    raise typer.Exit(GOOD if good else FINDINGS)
