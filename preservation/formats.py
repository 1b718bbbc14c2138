"""What a file is, by PRONOM: pygfried (siegfried) decides, fido is the second opinion on demand.

`identify` and `second_opinion` run in the sandbox; `ask_format` and `ask_second_opinion` are how others call them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from archive_service.kernel.sandbox import Limits, Sandbox

if TYPE_CHECKING:
    from fido.fido import Fido

UNKNOWN = "UNKNOWN"
SECOND_LIMITS = Limits(cpu_s=20, wall_s=30)  # one of fido's expressions was seen to run for minutes
_FIDO_FORMATS = ["formats-v109.xml", "format_extensions.xml"]
_FIDO_CONTAINERS = "container-signature-20200121.xml"


class FormatFact(TypedDict):
    """`puid` is "UNKNOWN" when no format matches. `basis` tells how: byte match, container, extension or text."""

    puid: str
    name: str
    version: str
    mime: str
    basis: str
    warning: str


def ask_format(sandbox: Sandbox, path: Path) -> FormatFact:
    """The format of one file. Raises SandboxFailure."""
    found: FormatFact = sandbox.run("preservation.formats:identify", str(path))
    return found


def ask_second_opinion(sandbox: Sandbox, path: Path) -> list[FormatFact]:
    """What fido says from signatures and containers alone, never from the name; often nothing, at times several."""
    found: list[FormatFact] = sandbox.run(
        "preservation.formats:second_opinion", str(path), limits=SECOND_LIMITS
    )
    return found


def identify(path: str) -> FormatFact:
    # Not at the top of the file: Go threads started before a fork are dead after it, and the child would hang.
    import pygfried

    match = pygfried.identify(path, detailed=True)["files"][0]["matches"][0]
    return FormatFact(
        puid=match["id"],
        name=match["format"],
        version=match["version"],
        mime=match["mime"],
        basis=match["basis"],
        warning=match["warning"],
    )


def second_opinion(path: str) -> list[FormatFact]:
    found: list[FormatFact] = []
    fido = _fido()

    def take(_name: str, matches: list[tuple[Any, str]], _seconds: float, basis: str = "") -> None:
        found.extend(_fido_fact(element, basis) for element, _ in matches)

    fido.handle_matches = take
    fido.identify_file(path, extension=False)
    return found


@cache
def _fido() -> Fido:
    from fido.fido import Fido

    # Plain Fido() looks for signatures of another version, and leaves our choice of containers unread.
    fido = Fido(quiet=True, format_files=_FIDO_FORMATS)
    fido.containersignature_file = _FIDO_CONTAINERS
    return fido


def _fido_fact(element: Any, basis: str) -> FormatFact:
    def text(tag: str) -> str:
        return str(element.findtext(tag) or "")

    return FormatFact(
        puid=text("puid"),
        name=text("name"),
        version=text("version"),
        mime=text("mime"),
        basis=f"fido {basis}",
        warning="",
    )
