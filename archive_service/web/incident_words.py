"""The kinds of incidents in words, for pages and for letters: a worker that writes letters loads no pages for it."""

from __future__ import annotations

from archive_service.web.sentences import Sentences


def kind_words(kind: str, t: Sentences) -> str:
    key = f"incident_kind.{kind.replace('-', '_')}"
    return t(key) if key in t.table else kind
