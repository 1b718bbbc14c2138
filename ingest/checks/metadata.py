"""The metadata against the field table: tag, type, length, obligation, and whether the fields agree with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from archive_service.regulations import Rules
from archive_service.regulations.rules import Level
from archive_service.regulations.tables import Certainty, Field, Obligation
from archive_service.regulations.terms import Unknown
from ingest.checks import Examination
from ingest.checks.places import DOSSIER, document_place
from preservation.description import DocumentDescription, DossierDescription, LawDate
from preservation.description.accessors import (
    dossier_code,
    end_date,
    file_name,
    issued_date,
    ordinal,
    retention_term,
    start_date,
    whole_number,
)
from preservation.description.model import LONGEST_CODE


def check_metadata(examination: Examination) -> Iterator[Finding]:
    """Nothing when the description could not be read: `check_structure` has said so."""
    if examination.description is not None:
        yield from metadata_faults(examination.description, examination.circumstances.rules)


def metadata_faults(description: DossierDescription, rules: Rules) -> Iterator[Finding]:
    yield from _field_faults(DOSSIER, "dossier", description.tags, description.repeated, rules)
    for number, document in enumerate(description.documents, start=1):
        place = document_place(number)
        yield from _field_faults(place, "document", document.tags, document.repeated, rules)
        yield from _document_faults(place, document, description, rules)
    yield from _dossier_faults(description, rules)
    yield from _repeated_codes(description)
    yield from _total_faults(description)


def _field_faults(
    place: str, level: Level, tags: dict[str, str], repeated: tuple[str, ...], rules: Rules
) -> Iterator[Finding]:
    known = rules.known_fields(level)
    for tag in repeated:
        yield Finding("metadata-tag-repeated", place, "", tag)
    for tag, value in tags.items():
        if tag in known:
            yield from _value_faults(place, known[tag], value)
        else:
            yield Finding("metadata-tag-unknown", place, value[:80], tag)
    for field in known.values():
        if field.obligation is Obligation.required and field.tag not in tags:
            sure = field.obligation_certainty in (Certainty.text, Certainty.own)
            code = "metadata-required-missing" if sure else "metadata-expected-missing"
            yield Finding(code, place, "", field.tag)


def _value_faults(place: str, field: Field, value: str) -> Iterator[Finding]:
    if field.type == "date" and not _is_date(value):
        yield Finding("metadata-type", place, value[:80], f"{field.tag}: DD/MM/YYYY, MM/YYYY, YYYY")
    elif field.type == "number" and not (value.isascii() and value.isdigit()):
        yield Finding("metadata-type", place, value[:80], f"{field.tag}: 0–9")
    elif field.type != "date" and field.length is not None and len(value) > field.length:
        yield Finding("metadata-length", place, str(len(value)), f"{field.tag} ≤ {field.length}")


def _is_date(value: str) -> bool:
    try:
        LawDate.parse(value)
    except ValueError:
        return False
    return True


def _document_faults(
    place: str, document: DocumentDescription, dossier: DossierDescription, rules: Rules
) -> Iterator[Finding]:
    code = dossier_code(dossier).code
    own_code, doc_code, number = (
        document.tags.get("FileCode"),
        document.tags.get("DocCode"),
        ordinal(document),
    )
    if own_code is not None and own_code != code:
        yield Finding("metadata-other-dossier", place, own_code, code)
    if doc_code and number is not None and doc_code in (f"{code}.{number}", file_name(code, number)):
        yield Finding("metadata-doc-code-is-file-code", place, doc_code)
    yield from _access_faults(place, document.tags.get("Mode", ""), rules)
    yield from _date_outside(place, document, dossier)


def _date_outside(
    place: str, document: DocumentDescription, dossier: DossierDescription
) -> Iterator[Finding]:
    issued, start, end = issued_date(document), start_date(dossier), end_date(dossier)
    if issued is None:
        return
    # Partial dates are ranges: only what cannot lie inside is told.
    if (start and issued.latest < start.earliest) or (end and issued.earliest > end.latest):
        bounds = "–".join(each.raw if each else "…" for each in (start, end))
        yield Finding("metadata-date-outside", place, issued.raw, bounds)


def _dossier_faults(dossier: DossierDescription, rules: Rules) -> Iterator[Finding]:
    code, start, end = dossier_code(dossier), start_date(dossier), end_date(dossier)
    if len(code.code) > LONGEST_CODE:
        yield Finding("metadata-code-too-long", DOSSIER, str(len(code.code)), str(LONGEST_CODE))
    if code.code and not code.agrees:
        yield Finding("metadata-file-code-parts", DOSSIER, code.code, code.composed)
    if start and end and start.earliest > end.latest:
        yield Finding("metadata-date-order", DOSSIER, start.raw, end.raw)
    yield from _access_faults(DOSSIER, dossier.tags.get("Rights", ""), rules)
    # One line for all: a backlog of scans has no Mode anywhere.
    if missing := sum("Mode" not in each.tags for each in dossier.documents):
        yield Finding("metadata-access-missing", DOSSIER, str(missing))
    if isinstance(term := retention_term(dossier, rules), Unknown):
        yield Finding("metadata-retention-unknown", DOSSIER, term.raw)


def _access_faults(place: str, raw: str, rules: Rules) -> Iterator[Finding]:
    if raw and not rules.access_known(raw):
        yield Finding("metadata-access-unknown", place, raw)


def _repeated_codes(dossier: DossierDescription) -> Iterator[Finding]:
    codes = Counter(each.tags["DocCode"] for each in dossier.documents if "DocCode" in each.tags)
    for code, times in codes.items():
        if times > 1:
            yield Finding("metadata-doc-code-repeated", DOSSIER, code)


def _total_faults(dossier: DossierDescription) -> Iterator[Finding]:
    declared, found = whole_number(dossier.tags, "TotalDoc"), len(dossier.documents)
    if declared is not None and declared != found:
        yield Finding("metadata-total-documents", DOSSIER, str(found), str(declared))
    pages = whole_number(dossier.tags, "PageNumber")
    amounts = [whole_number(each.tags, "PageAmount") for each in dossier.documents]
    # A document that does not tell its pages makes the sum mean nothing.
    if pages is not None and None not in amounts and sum(each or 0 for each in amounts) != pages:
        yield Finding("metadata-total-pages", DOSSIER, str(sum(each or 0 for each in amounts)), str(pages))
