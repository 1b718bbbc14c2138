"""Every file has a format that the archive knows and takes, and opens without a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import SandboxFailure
from ingest.checks import Examination, FileFacts
from ingest.checks.ask import ask_each, not_parsed, payload
from preservation.ask_pages import PageFacts, ask_page_facts
from preservation.formats import UNKNOWN, FormatFact, ask_format
from preservation.kinds import kind_of


def check_formats(examination: Examination) -> Iterator[Finding]:
    """Identifies every file below data/ and measures those with pages; keeps both in `facts`."""
    yield from _identify(examination)
    yield from _measure(examination)


def _identify(examination: Examination) -> Iterator[Finding]:
    sandbox = examination.circumstances.sandbox
    answers = ask_each(
        examination, payload(examination), lambda path: ask_format(sandbox, examination.root / path)
    )
    for path, answer in answers:
        if isinstance(answer, SandboxFailure):
            yield not_parsed(path, answer)
            continue
        fact = examination.fact(path)
        fact.puid, fact.mime, fact.format_basis = answer["puid"], answer["mime"], answer["basis"]
        fact.format_name = " ".join(filter(None, (answer["name"], answer["version"])))
        yield from _judge_format(examination, fact, answer)


def _judge_format(examination: Examination, fact: FileFacts, answer: FormatFact) -> Iterator[Finding]:
    if fact.puid == UNKNOWN:
        yield Finding("format-unknown", fact.path)
        return
    rules = examination.circumstances.rules
    policy = rules.format_policy(fact.puid)
    seen = f"{fact.format_name} ({fact.puid})"
    if policy == rules.unknown_format:
        yield Finding("format-not-listed", fact.path, got=seen)
    elif policy.verdict == "refuse":
        yield Finding("format-refused", fact.path, got=seen)
    elif policy.verdict == "warn":
        yield Finding("format-discouraged", fact.path, got=seen)
    extension = PurePosixPath(fact.path).suffix
    if extension and "extension mismatch" in answer["warning"]:
        yield Finding("format-extension-mismatch", fact.path, got=extension, expected=seen)


def _measure(examination: Examination) -> Iterator[Finding]:
    sandbox = examination.circumstances.sandbox

    def measure(path: str) -> PageFacts:
        return ask_page_facts(sandbox, examination.root / path, examination.fact(path).puid)

    paged = [
        path for path in payload(examination) if kind_of(examination.fact(path).puid) in ("pdf", "image")
    ]
    for path, answer in ask_each(examination, paged, measure):
        if isinstance(answer, SandboxFailure):
            yield not_parsed(path, answer)
            continue
        fact = examination.fact(path)
        fact.pages, fact.measured = answer["pages"], answer
        if answer["encrypted"]:
            yield Finding("file-restricted" if answer["pages"] else "file-encrypted", path)
