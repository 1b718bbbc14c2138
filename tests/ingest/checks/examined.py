"""A bag of given files, ready for one check; and the check's findings as codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import Sandbox
from archive_service.regulations import load
from ingest.checks import Circumstances, Examination
from preservation.bagit.read import read_bag
from preservation.bagit.write import write_bag

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RULES = load()


def examined(
    folder: Path,
    sandbox: Sandbox,
    files: dict[str, bytes],
    *,
    malware: str | None = None,
    **circumstances: object,
) -> Examination:
    """`files` by name below data/."""
    write_bag(folder / "bag", {f"data/{name}": content for name, content in files.items()}, ())
    around = Circumstances(RULES, sandbox, NOW, malware=malware, **circumstances)  # type: ignore[arg-type]
    return Examination(folder / "bag", around, bag=read_bag(folder / "bag"))


def codes(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(each.code, each.path.removeprefix("data/")) for each in findings]


def sentences(findings: Iterable[Finding]) -> list[str]:
    return [RULES.sentence(each) for each in findings]
