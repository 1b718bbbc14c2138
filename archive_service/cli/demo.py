"""`archive demo`: an archive with invented records, from nothing to a served page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive_service.cli.frame import language


def demo(
    serve: Annotated[bool, typer.Option(help="At the end serve the pages, until Ctrl-C.")] = True,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the pages are served.")] = 8000,
    folder: Annotated[Path, typer.Option(help="Made anew each time.")] = Path("var/demo"),
) -> None:
    """Play a dossier's whole life with invented agencies, people and dossiers, then serve the archive."""
    # Typesetting and signing are the demo's alone: no other command should wait for them to load.
    from archive_service.demo.run import run_demo
    from archive_service.demo.telling import Teller

    run_demo(folder, port, Teller(language()), serve=serve)
