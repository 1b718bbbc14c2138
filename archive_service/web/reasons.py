"""Why a term ends on its day, and other codes that the rules give, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from archive_service.regulations import load
from archive_service.web.sentences import Sentences
from archive_service.web.texts import day_text


def reasons(steps: Sequence[Any], t: Sentences) -> list[str]:
    """The steps of an assessment, [code, {fields}] each, as sentences in their order."""
    return [_sentence(code, fields, t) for code, fields in steps]


def _sentence(code: str, fields: Mapping[str, Any], t: Sentences) -> str:
    shown = {name: str(value) for name, value in fields.items()}
    if "on" in fields:
        shown["on"] = day_text(date.fromisoformat(fields["on"]))
    return t(f"reason.{code.replace('-', '_')}", **shown)


def signature_reason(code: str, t: Sentences) -> str:
    """ETSI's sub-indication in words; one that has none is shown as it is."""
    return load().reason(code, t.language)
