"""Packages before they are sent, and others' bags: what a producer or an inspector checks offline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from archive_service.cli.frame import AsJson, both, group, language, report, require_path, severity_word
from archive_service.cli.sip_report import as_html
from archive_service.kernel.findings import Finding, Severity
from archive_service.kernel.sandbox import Sandbox
from archive_service.kernel.settings import load_settings
from archive_service.regulations import load
from ingest.checks import Circumstances
from ingest.judge import judge
from ingest.sip_build import build_sip
from ingest.unpack import FOLDER, ContainerFault, Limits, bag_root, media_type, unpack
from preservation.bagit.check import check_bag

sip = group("sip", "Packages to be submitted.")
bag = group("bag", "BagIt alone.")


@sip.command()
def build(
    folder: Path, out: Annotated[Path, typer.Option("-o", "--out", help="A folder, .zip, .tar or .tar.gz.")]
) -> None:
    """Make a package of documents and a dossier.toml."""
    require_path(folder)
    typer.echo(build_sip(folder, out))


@sip.command("check")
def check_sip(
    path: Path,
    as_json: AsJson = False,
    as_page: Annotated[bool, typer.Option("--html", help="Print an HTML page.")] = False,
) -> None:
    """All checks that the archive will make, offline. Exit code 1 when there is an error."""
    require_path(path)
    findings = _judge(path)
    bad = any(load().severity(each) is Severity.error for each in findings)
    if as_page:
        typer.echo(as_html(path.name, findings, language()))
        raise typer.Exit(int(bad))
    report([_plain(each) for each in findings], _lines(findings), as_json=as_json, good=not bad)


def _judge(path: Path) -> list[Finding]:
    """Without the archive: only the settings of malware scanner and trusted roots are used, where there are any."""
    settings = load_settings()
    sandbox = Sandbox(workers=settings.workers)
    try:
        circumstances = Circumstances(
            rules=load(),
            sandbox=sandbox,
            now=datetime.now(UTC),
            malware=None if settings.malware == "none" else settings.malware,
            trust_roots=tuple(each.read_bytes() for each in settings.trust),
        )
        with tempfile.TemporaryDirectory() as scratch:
            # The readers in the sandbox stand in another folder: a path as it was typed means nothing there.
            return judge(path.absolute(), media_type(path), circumstances, Path(scratch), _limits()).findings
    except ContainerFault as fault:
        return [fault.finding]
    finally:
        sandbox.close()


def _limits() -> Limits:
    settings = load_settings()
    return Limits(total_bytes=settings.max_unpacked_bytes, files=settings.max_files)


@bag.command("check")
def check_a_bag(path: Path, as_json: AsJson = False) -> None:
    """RFC 8493 alone: complete, valid, every digest. A folder, zip or tar."""
    require_path(path)
    with tempfile.TemporaryDirectory() as scratch:
        findings = list(_check_bag(path, Path(scratch, "bag")))
    bad = any(load().severity(each) is Severity.error for each in findings)
    report([_plain(each) for each in findings], _lines(findings), as_json=as_json, good=not bad)


def _check_bag(path: Path, scratch: Path) -> Iterator[Finding]:
    try:
        kind = media_type(path)
        if kind == FOLDER:
            yield from check_bag(path).findings
            return
        faults = unpack(path, kind, scratch, _limits())
    except ContainerFault as fault:
        faults = [fault.finding]
    yield from faults or check_bag(bag_root(scratch)).findings


def _plain(finding: Finding) -> dict[str, Any]:
    rules = load()
    return {
        "code": finding.code,
        "type": finding.urn,
        "severity": rules.severity(finding).value,
        "path": finding.path,
        "got": finding.got,
        "expected": finding.expected,
        "sentence": rules.sentence(finding, language()),
    }


def _lines(findings: Sequence[Finding]) -> list[str]:
    rules = load()
    told = [
        f"{severity_word(rules.severity(f))} [{f.code}] {rules.sentence(f, language())}" for f in findings
    ]
    return told or [both("Không có lỗi.", "No faults.")]
