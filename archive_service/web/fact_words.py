"""What a store was seen to do, in words, for the page and for the command line, which loads no pages for it."""

from __future__ import annotations

from collections.abc import Mapping

from archive_service.web.sentences import Sentences

FACTS = (
    "refuses_to_replace",
    "refuses_to_replace_large",
    "checks_sha256",
    "keeps_sha256",
    "keeps_versions",
    "lock",
)


def fact_words(t: Sentences, facts: Mapping[str, object], name: str) -> str:
    """`facts`: the fields of `StoreFacts`, fewer where an older version of the software probed."""
    if name not in facts:
        return "–"
    value = facts[name]
    if name == "lock":
        return t(f"storage.lock_{value}")
    without = f"storage.without_{name}"
    if not value and without in t.table:
        return f"{t('storage.no')}. {t(without)}"
    return t("storage.yes" if value else "storage.no")
