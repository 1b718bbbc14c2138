"""From an accepted submission to the contents of its AIP: the canonical description, PREMIS, and the logical paths.

Everything here is made from the intake alone and carries its times, so that a build that was interrupted and repeated
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archive_service.regulations import Rules
from preservation.aips.catalogue import DESCRIPTION, SCHEMA, Description, canonical, object_id
from preservation.aips.premis import PREMIS, premis_of
from preservation.description import DocumentDescription, DossierDescription, accessors
from preservation.models import AccessMode, stricter

SUBMISSION = "submission/"
TEXT = "text/"


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """One file of the bag as the checks knew it; `path` is from the bag's root, tag files included."""

    path: str
    size: int
    sha256: str
    sha512: str
    puid: str = ""
    format_name: str = ""
    mime: str = ""
    pages: int | None = None
    malware: str = "not_scanned"
    signatures: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """An accepted submission. `submission` says where it came from and who accepted it, as plain JSON values."""

    dossier_id: UUID
    agency_id: UUID
    unit_id: UUID | None
    fonds_id: UUID
    regime: str
    access: AccessMode
    unknown_access: AccessMode
    """What an officer mapped unknown and missing modes to; closed when nobody did."""
    description: DossierDescription
    files: tuple[IntakeFile, ...]
    accepted_at: datetime
    submission: Mapping[str, Any]


def describe(intake: Intake, rules: Rules, texts: Mapping[str, str]) -> Description:
    """The canonical description; `texts` names the logical path of the text extracted from each file."""
    dossier = intake.description
    start, end = accessors.start_date(dossier), accessors.end_date(dossier)
    documents = [_document(intake, rules, each, number) for number, each in _numbered(dossier.documents)]
    payload = [each for each in intake.files if each.path.startswith("data/")]
    places = {
        path: (number, position)
        for number, each in _numbered(dossier.documents)
        for position, path in enumerate(each.files)
    }
    return {
        "schema": SCHEMA,
        "dossier": {
            "id": str(intake.dossier_id),
            "object_id": object_id(intake.dossier_id),
            "agency_id": str(intake.agency_id),
            "unit_id": str(intake.unit_id) if intake.unit_id else None,
            "fonds_id": str(intake.fonds_id),
            "code": accessors.dossier_code(dossier).code,
            "title": dossier.tags.get("Title", ""),
            "regime": intake.regime,
            "tags": dict(dossier.tags),
            "maintenance": dossier.tags.get("Maintenance", ""),
            "access": intake.access.value,
            "start_date": start.earliest.isoformat() if start else None,
            "end_date": end.latest.isoformat() if end else None,
            "year": accessors.whole_number(dossier.tags, "FileCatalog"),
            "revision": 1,
            "submission": dict(intake.submission),
            "document_count": len(documents),
            "file_count": len(payload),
            "byte_count": sum(each.size for each in payload),
            "accepted_at": intake.accepted_at.isoformat(),
        },
        "documents": documents,
        "files": [_file(each, places.get(each.path), texts.get(each.path, "")) for each in intake.files],
        "signatures": [
            _signature(each.path, position, signature)
            for each in intake.files
            for position, signature in enumerate(each.signatures)
        ],
    }


def _numbered(documents: Iterable[DocumentDescription]) -> list[tuple[int, DocumentDescription]]:
    """Documents with their ordinals; one without a usable ordinal, or with one taken, gets the next free number."""
    taken: set[int] = set()
    numbered = []
    for each in documents:
        number = accessors.ordinal(each)
        if number is None or number in taken:
            number = max(taken, default=0) + 1
        taken.add(number)
        numbered.append((number, each))
    return numbered


def _document(intake: Intake, rules: Rules, given: DocumentDescription, number: int) -> dict[str, Any]:
    issued = accessors.issued_date(given)
    raw = given.tags.get("Mode")
    own = AccessMode(rules.access_mode(raw)) if raw and rules.access_known(raw) else intake.unknown_access
    return {
        "ordinal": number,
        "tags": dict(given.tags),
        "type_name": given.tags.get("TypeName", ""),
        "number": accessors.document_number(given),
        "issued_raw": given.tags.get("IssuedDate", ""),
        "issued_from": issued.earliest.isoformat() if issued else None,
        "issued_to": issued.latest.isoformat() if issued else None,
        "organ_name": given.tags.get("OrganName", ""),
        "subject": given.tags.get("Subject", ""),
        "access": stricter(intake.access, own).value,
    }


def _file(given: IntakeFile, place: tuple[int, int] | None, text_path: str) -> dict[str, Any]:
    return {
        "path": SUBMISSION + given.path,
        "document": place[0] if place else None,
        "position": place[1] if place else 0,
        "size": given.size,
        "sha256": given.sha256,
        "sha512": given.sha512,
        "puid": given.puid,
        "format_name": given.format_name,
        "mime": given.mime,
        "pages": given.pages,
        "malware": given.malware,
        "text_path": text_path,
    }


def _signature(path: str, position: int, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": SUBMISSION + path,
        "position": position,
        "signer": given.get("signer") or "",
        "issuer": given.get("issuer") or "",
        "signed_at": given.get("signed_at"),
        "first_verdict": given["verdict"],
        "verdict": given["verdict"],
        "reason": given.get("sub_indication") or "",
        "evidence": dict(given),
    }


def derived(description: Description) -> Iterator[tuple[str, bytes]]:
    """What we write beside the submission, by logical path, made one after another: the description and PREMIS."""
    yield DESCRIPTION, canonical(description)
    yield PREMIS, premis_of(description)


def text_path_of(path: str) -> str:
    return f"{TEXT}{path}.txt"


def write_text(folder: Path, path: str, pages: Iterable[str]) -> Path:
    """The extracted text of one file, pages parted by a form feed, in UTF-8."""
    target = folder / f"{path}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\f".join(pages), encoding="utf-8", errors="replace")
    return target
