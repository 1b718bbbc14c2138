"""What a check gets and gives.

Each check is a function `check_x(examination) -> Iterator[Finding]`. It may fill `examination.facts`: what was learned
about a file is kept with the submission, so that no file is identified, digested or verified twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive_service.kernel.findings import Finding

if TYPE_CHECKING:
    from archive_service.kernel.sandbox import Sandbox
    from archive_service.regulations import Rules
    from preservation.ask_pages import PageFacts
    from preservation.bagit.read import Bag
    from preservation.description import DossierDescription


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a judgement rests on beside the package: the rules in force, the tools, the trust store, the moment."""

    rules: Rules
    sandbox: Sandbox
    now: datetime
    malware: str | None = None
    """`clamd://host:port`, or None: then every file is "not scanned", never clean."""
    trust_roots: tuple[bytes, ...] = ()
    """PEM certificates that a signer's chain may end in."""
    max_scan_bytes: int = 100 << 20


@dataclass(slots=True)
class FileFacts:
    """What was learned about one file of the package, by its path from the bag's root."""

    path: str
    size: int = 0
    sha256: str = ""
    sha512: str = ""
    puid: str = ""
    format_name: str = ""
    mime: str = ""
    format_basis: str = ""
    pages: int | None = None
    measured: PageFacts | None = None
    malware: str = "not_scanned"
    signatures: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Examination:
    """A package under examination: unpacked below `root` (the folder that holds bagit.txt)."""

    root: Path
    circumstances: Circumstances
    bag: Bag | None = None
    description: DossierDescription | None = None
    facts: dict[str, FileFacts] = field(default_factory=dict)

    def fact(self, path: str) -> FileFacts:
        return self.facts.setdefault(path, FileFacts(path))


Check = Callable[[Examination], Iterator[Finding]]
