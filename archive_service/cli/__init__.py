"""The command line: a door without rules of its own. `main` tells errors as one sentence, never as a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import OperationalError

from archive_service.cli import (
    audits,
    backups,
    demo,
    drills,
    incidents,
    invariants,
    keys,
    ocfl,
    offline_set,
    packages,
    rebuilding,
    running,
    sending,
)
from archive_service.cli.frame import NOT_POSSIBLE, both, chosen, language
from archive_service.cli.help_texts import speak_vietnamese
from archive_service.cli.usage import tell_misuse
from archive_service.kernel.errors import ArchiveError
from archive_service.kernel.objects import StoreAway

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
COMMANDS: tuple[Callable[..., None], ...] = (
    running.init,
    running.serve,
    running.worker,
    running.beat,
    running.settings,
    sending.submit,
    sending.export,
    rebuilding.rebuild,
    invariants.invariants,
    incidents.incidents,
    backups.restore,
    demo.demo,
)
for command in COMMANDS:
    app.command()(command)
for commands in (
    packages.sip,
    packages.bag,
    ocfl.ocfl,
    audits.fixity,
    audits.signatures,
    audits.log,
    incidents.alarms,
    offline_set.storage,
    keys.keys,
    backups.backup,
    drills.drill,
):
    app.add_typer(commands)


@app.callback()
def choose(
    wanted: Annotated[
        Literal["vi", "en"] | None, typer.Option("--language", help="Else LANG decides, then Vietnamese.")
    ] = None,
) -> None:
    """An electronic records archive."""
    if wanted:
        chosen.set(wanted)


def wanted_language(words: Sequence[str]) -> str:
    """Before anything is parsed: help is shown while parsing.

    >>> wanted_language(["archive", "--language", "en", "--help"])
    'en'
    """
    said = "=".join(words).partition("--language=")[2][:2]
    return said or language()


def main() -> None:
    command = typer.main.get_command(app)
    wanted = wanted_language(sys.argv)
    if wanted != "en":
        speak_vietnamese(command)
    try:
        sys.exit(command(standalone_mode=False))
    except typer.TyperException as error:
        tell_misuse(error, wanted)
        sys.exit(NOT_POSSIBLE)
    except typer.Abort:
        # Input ended where an answer was asked for.
        typer.echo(both("Đã dừng.", "Stopped."), err=True)
        sys.exit(NOT_POSSIBLE)
    except StoreAway as error:
        # Which place, and why: nothing goes on by itself here, the person has to bring it back.
        typer.echo(f"{both(error.vi_fact, error.en_fact)}: {error}", err=True)
        sys.exit(NOT_POSSIBLE)
    except ArchiveError as error:
        typer.echo(error.sentence(language()), err=True)
        sys.exit(NOT_POSSIBLE)
    except OSError as error:
        # A folder that cannot be made, a file that cannot be read, a port that is taken.
        typer.echo(str(error), err=True)
        sys.exit(NOT_POSSIBLE)
    except OperationalError as error:
        typer.echo(
            both("Cơ sở dữ liệu không phản hồi", "The database does not answer") + f": {error.orig}", err=True
        )
        sys.exit(NOT_POSSIBLE)
