"""Asking the sandbox for the text of a file.

Apart from `text`, which parses: a worker that only asks neither loads the parsers nor can run one by mistake.
"""

from __future__ import annotations

from pathlib import Path

from archive_service.kernel.sandbox import Limits, Sandbox
from preservation.kinds import Kind, kind_of

LIMITS = Limits(cpu_s=120, wall_s=180)
WITHOUT_TEXT: tuple[Kind, ...] = ("image", "other")


def ask_text(sandbox: Sandbox, path: Path, puid: str) -> list[str]:
    """The text by pages (sheets of a workbook are pages); empty if there is none. Raises SandboxFailure."""
    if kind_of(puid) in WITHOUT_TEXT:
        return []
    pages: list[str] = sandbox.run("preservation.text:extract_text", str(path), puid, limits=LIMITS)
    return pages
