"""The kinds of incidents in words, for pages and for letters: a worker that writes letters loads no pages for it."""

from __future__ import annotations

from archive_service.web.sentences import Sentences


def kind_words(kind: str, t: Sentences) -> str:
    key = f"incident_kind.{kind.replace('-', '_')}"
    return t(key) if key in t.table else kind


def stop_words(reason: str, t: Sentences) -> str:
    """Why an audit stopped: a code, and after it what was found; what a store says itself is shown as it is."""
    code, _, found = reason.partition(" ")
    key = f"stopped.{code.replace('-', '_')}"
    return t(key, found=found) if key in t.table else reason


def stops_words(stopped: str, t: Sentences) -> str:
    """As an audit's row keeps it, `root: reason; root: reason`; a reason that stopped several is said once."""
    roots: dict[str, list[str]] = {}
    for each in stopped.split("; "):
        root, _, reason = each.partition(": ")
        roots.setdefault(stop_words(reason, t), []).append(root)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in roots.items())
