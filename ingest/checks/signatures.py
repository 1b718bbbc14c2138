"""Every PDF's signatures, judged against the trust store as of now; the whole report is kept in `facts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import SandboxFailure
from ingest.checks import Examination
from ingest.checks.ask import ask_each, payload
from preservation.kinds import kind_of
from preservation.signatures.check import check_file
from preservation.signatures.facts import UNTRUSTED, SignatureFact


def check_signatures(examination: Examination) -> Iterator[Finding]:
    """Runs after the formats are known. What is no PDF is not looked at."""
    circumstances = examination.circumstances

    def check(path: str) -> list[SignatureFact]:
        return check_file(
            circumstances.sandbox, examination.root / path, circumstances.trust_roots, circumstances.now
        )

    for path, answer in ask_each(examination, _signable(examination), check):
        if isinstance(answer, SandboxFailure):
            yield Finding("signature-not-checked", path, got=answer.kind.value)
            continue
        examination.fact(path).signatures = [cast(dict[str, object], each) for each in answer]
        if not answer:
            yield Finding("unsigned", path)
        yield from (_finding(path, each) for each in answer if each["verdict"] != "total_passed")


def _signable(examination: Examination) -> list[str]:
    """PDFs that open: one with a password is a finding already."""
    paths = []
    for path in payload(examination):
        fact = examination.fact(path)
        locked = fact.measured is not None and fact.measured["encrypted"] and not fact.measured["pages"]
        if kind_of(fact.puid) == "pdf" and not locked:
            paths.append(path)
    return paths


def _finding(path: str, signature: SignatureFact) -> Finding:
    who = signature["signer"] or signature["field"]
    if signature["verdict"] == "total_failed":
        code = "signature-broken"
    elif signature["sub_indication"] in UNTRUSTED:
        code = "signature-untrusted"
    else:
        code = "signature-indeterminate"
    return Finding(code, path, got=f"{who}: {signature['sub_indication']}")
