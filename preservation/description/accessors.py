"""What the law's tags of a description mean, each in one small function. Raw strings stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preservation.description.model import DocumentDescription, DossierCode, DossierDescription, LawDate

if TYPE_CHECKING:
    from archive_service.regulations import Rules
    from archive_service.regulations.rules import AccessMode
    from archive_service.regulations.terms import Term

STRICTNESS: tuple[AccessMode, ...] = ("public", "conditional", "closed", "secret")


def dossier_code(dossier: DossierDescription) -> DossierCode:
    tags = dossier.tags
    parts = (
        tags.get(each, "") for each in ("FileCode", "Identifier", "OrganId", "FileCatalog", "FileNotation")
    )
    return DossierCode(*parts)


def law_date(tags: dict[str, str], tag: str) -> LawDate | None:
    """The date in this tag, or None when it is missing or no date."""
    try:
        return LawDate.parse(tags[tag])
    except (KeyError, ValueError):
        return None


def start_date(dossier: DossierDescription) -> LawDate | None:
    return law_date(dossier.tags, "StartDate")


def end_date(dossier: DossierDescription) -> LawDate | None:
    """The end of the work: the retention term counts from its year."""
    return law_date(dossier.tags, "EndDate")


def issued_date(document: DocumentDescription) -> LawDate | None:
    return law_date(document.tags, "IssuedDate")


def retention_term(dossier: DossierDescription, rules: Rules) -> Term:
    return rules.maintenance(dossier.tags.get("Maintenance"))


def dossier_access(dossier: DossierDescription, rules: Rules) -> AccessMode:
    return rules.access_mode(dossier.tags.get("Rights"))


def document_access(dossier: DossierDescription, document: DocumentDescription, rules: Rules) -> AccessMode:
    """The stricter of the dossier's and the document's own; missing or unknown counts as closed."""
    own = rules.access_mode(document.tags.get("Mode"))
    return max(dossier_access(dossier, rules), own, key=STRICTNESS.index)


def whole_number(tags: dict[str, str], tag: str) -> int | None:
    """The number in this tag, or None when it is missing or no whole number of at most 18 digits."""
    raw = tags.get(tag, "")
    # int() of thousands of digits raises, and takes its time before.
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 18 else None


def ordinal(document: DocumentDescription) -> int | None:
    """Số thứ tự văn bản trong hồ sơ."""
    return whole_number(document.tags, "DocOrdinal")


def document_number(document: DocumentDescription) -> str:
    """Number and symbol as they are cited: "15/QĐ-UBND". Empty when neither is given.

    >>> document_number(DocumentDescription({"CodeNumber": "15", "CodeNotation": "/QĐ-UBND"}, ()))
    '15/QĐ-UBND'
    """
    number, notation = document.tags.get("CodeNumber", ""), document.tags.get("CodeNotation", "")
    return "/".join(each for each in (number, notation.strip(" /")) if each)


def signer(document: DocumentDescription) -> str:
    return document.tags.get("FullName", "")


def place_held(dossier: DossierDescription, document: DocumentDescription | None = None) -> str:
    """Where the paper original lies; empty when there is none, or nobody said."""
    own = document.tags.get("paperFileCode", "") if document else ""
    return own or dossier.tags.get("paperFileCode", "")


def values(raw: str) -> tuple[str, ...]:
    """Several values in one field are separated by ";" (TT 02/2019 Điều 5 khoản 1).

    >>> values("Tiếng Việt; Tiếng Anh")
    ('Tiếng Việt', 'Tiếng Anh')
    """
    return tuple(each.strip() for each in raw.split(";") if each.strip())


def file_name(code: str, ordinal: int) -> str:
    """The name, without its ending, that a document's original must bear (TT 02/2019 Điều 6 khoản 1).

    >>> file_name("000.00.12.H43.2020.31.TTr", 7)
    '000.00.12.H43.2020.31.TTr.007'
    """
    # Symbols such as "31/TTr" hold a slash, which no file name can.
    return f"{code.replace('/', '-')}.{ordinal:03}"
