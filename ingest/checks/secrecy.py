"""Declared secrecy, judged before anything else: this archive takes no state secrets (TT 02/2019 Điều 8 khoản 1)."""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from archive_service.regulations import Rules
from archive_service.regulations.rules import plain_words
from ingest.checks import Examination
from ingest.checks.places import DOSSIER, document_place
from preservation.description import DossierDescription
from preservation.description.accessors import values

LEVEL_FIELDS = ("Rights", "Mode")
"""The fields whose codes are access modes: there a bare "03" is a secret."""
MARKED_FIELDS = ("InforSign", "Priority")
"""Fields where a level is written as a word. A bare number says nothing there."""


def check_secrecy(examination: Examination) -> Iterator[Finding]:
    """A finding for every field that declares a level; none means that nothing was declared, not that nothing is."""
    if examination.description is not None:
        yield from declared_secrecy(examination.description, examination.circumstances.rules)


def declared_secrecy(description: DossierDescription, rules: Rules) -> Iterator[Finding]:
    """The same on the description alone, which is read before any document byte is unpacked."""
    yield from _declared(DOSSIER, description.tags, rules)
    for number, document in enumerate(description.documents, start=1):
        yield from _declared(document_place(number), document.tags, rules)


def _declared(place: str, tags: dict[str, str], rules: Rules) -> Iterator[Finding]:
    known = rules.known_fields("dossier" if place == DOSSIER else "document")
    for tag, raw in tags.items():
        # A tag of no table (DoMat, SecretLevel, …) may be how another system writes the level.
        coded = tag in LEVEL_FIELDS
        worded = tag in MARKED_FIELDS or tag not in known
        if any(
            (coded or (worded and not plain_words(each).isdecimal())) and rules.access_mode(each) == "secret"
            for each in (raw, *values(raw))
        ):
            yield Finding("secrecy-declared", place, raw, tag)
