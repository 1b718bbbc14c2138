"""Findings in the reader's language: the sentences of the regulations, filled with what was found."""

from __future__ import annotations

from collections.abc import Iterable

from archive_service.regulations import Rules
from archive_service.web.shown import Folded, ShownFinding, by_severity
from ingest.examined import as_finding
from ingest.models import SipFinding


def shown_finding(row: SipFinding, rules: Rules, language: str) -> ShownFinding:
    message = rules.message(row.code)
    english = language == "en"
    return ShownFinding(
        code=row.code,
        severity=row.severity.value,
        sentence=rules.told(as_finding(row), language),
        place=row.path,
        found=message.word(rules.in_words(row.got, language), language),
        required=message.word(row.expected, language),
        clause=message.clause_en if english else message.clause,
        remedy=message.remedy_en if english else message.remedy_vi,
    )


def grouped(rows: Iterable[SipFinding], rules: Rules, language: str) -> list[tuple[str, list[Folded]]]:
    """Errors, warnings, notes, repeated ones folded."""
    return by_severity([shown_finding(row, rules, language) for row in rows])
