"""Judging a package: the same steps before sending (`archive sip check`) and after receiving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive_service.kernel.findings import Finding, Severity
from archive_service.kernel.sandbox import SandboxFailure
from archive_service.regulations import Rules
from ingest.ask_container import ask_look, ask_metadata
from ingest.checks import Check, Circumstances, Examination
from ingest.checks.formats import check_formats
from ingest.checks.integrity import check_integrity
from ingest.checks.malware import check_malware
from ingest.checks.metadata import check_metadata
from ingest.checks.page_amounts import check_page_amounts
from ingest.checks.scan_quality import check_scan_quality
from ingest.checks.secrecy import declared_secrecy
from ingest.checks.signatures import check_signatures
from ingest.checks.structure import PARSE, check_structure
from ingest.unpack import ContainerFault, Limits, bag_root, unpack
from preservation.description import METADATA, DossierDescription, MetadataUnreadable, from_plain

#: The checks of an unpacked package, in order; each finds what it can, whatever the others found.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("integrity", check_integrity),
    ("structure", check_structure),
    ("metadata", check_metadata),
    ("malware", check_malware),
    ("formats", check_formats),
    ("page_amounts", check_page_amounts),
    ("scan_quality", check_scan_quality),
    ("signatures", check_signatures),
)
STEPS = ("secrecy", "container", *(name for name, _ in CHECKS))


@dataclass(slots=True)
class Judgement:
    """All findings; the examination is None when nothing was unpacked (secret, or the container itself is at fault)."""

    findings: list[Finding] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    examination: Examination | None = None
    secret: bool = False

    def add(self, step: str, findings: list[Finding]) -> None:
        self.findings += findings
        self.steps.append({"step": step, "findings": len(findings)})

    def counts(self, rules: Rules) -> dict[Severity, int]:
        severities = [rules.severity(finding) for finding in self.findings]
        return {severity: severities.count(severity) for severity in Severity}


def judge(
    container: Path,
    kind: str,
    circumstances: Circumstances,
    scratch: Path,
    limits: Limits = Limits(),
    beat: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """Declared secrecy first, reading `metadata.xml` alone; then everything else, all findings at once.

    Raises `ScannerAway` and `SandboxBroken`: those are our faults, not the package's.
    """
    judgement, look = Judgement(), ask_look(circumstances.sandbox)
    beat("secrecy")
    description, unread = _look_at_metadata(container, kind, circumstances, limits)
    if unread is not None:
        # What it declares cannot be known, so nothing is unpacked; the container is looked over from outside.
        faults = look(container, kind, limits)
        judgement.add("secrecy", [] if unread in faults else [unread])
        judgement.add("container", faults)
        return judgement
    if description is not None:
        judgement.add("secrecy", list(declared_secrecy(description, circumstances.rules)))
        if judgement.findings:
            judgement.secret = True
            return judgement
    beat("container")
    judgement.add("container", unpack(container, kind, scratch / "bag", limits, look))
    if judgement.findings:
        return judgement
    judgement.examination = Examination(bag_root(scratch / "bag"), circumstances, description=description)
    for name, check in CHECKS:
        beat(name)
        judgement.add(name, list(check(judgement.examination)))
    return judgement


def _look_at_metadata(
    container: Path, kind: str, circumstances: Circumstances, limits: Limits
) -> tuple[DossierDescription | None, Finding | None]:
    """The description; or why it cannot be read; neither when there is none: nothing there declares a secret.

    The same bytes are judged later: `check_structure` takes this description and does not parse again.
    """
    try:
        sandbox = circumstances.sandbox
        plain = sandbox.run(PARSE, ask_metadata(sandbox, container, kind, limits))
        return from_plain(plain), None
    except ContainerFault as fault:
        return None, None if fault.finding.code == "metadata-missing" else fault.finding
    except MetadataUnreadable as fault:
        return None, Finding("metadata-unreadable", METADATA, str(fault))
    except SandboxFailure as failure:
        return None, Finding("metadata-unreadable", METADATA, failure.kind)
