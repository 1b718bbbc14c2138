"""The rows of a dossier, made from its canonical description alone.

`metadata/dossier.json` in the AIP is what rebuild reads. Storing enters the same rows from the same bytes, so that there
is one way from a description to rows and a rebuilt catalogue cannot differ from the one it replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

import rfc8785
from sqlalchemy import delete, select

from archive_service.kernel.db import insert_rows
from archive_service.kernel.vietnamese import sort_key
from archive_service.work import Work
from preservation.models import (
    AccessMode,
    Document,
    Dossier,
    FileObject,
    Signature,
    Verdict,
    stricter,
)
from preservation.watch_models import SignatureCheck

SCHEMA = "urn:vn-archive:dossier-json:1"
DESCRIPTION = "metadata/dossier.json"

Description = dict[str, Any]
Row = dict[str, Any]
PAGE = 500


def object_id(dossier_id: UUID) -> str:
    return f"urn:uuid:{dossier_id}"


def document_id(dossier_id: UUID, ordinal: int) -> UUID:
    return uuid5(dossier_id, f"document/{ordinal}")


def file_id(dossier_id: UUID, path: str) -> UUID:
    return uuid5(dossier_id, f"file/{path}")


def signature_id(dossier_id: UUID, path: str, position: int) -> UUID:
    return uuid5(dossier_id, f"signature/{position}/{path}")


def canonical(description: Mapping[str, Any]) -> bytes:
    """RFC 8785: equal descriptions are equal bytes in every root and after every rebuild."""
    return rfc8785.dumps(dict(description))


def enter(work: Work, description: Description, version: int, inventory_digest: str) -> Dossier:
    """Puts the dossier's rows in, or in the place of those of an older version. Raises KeyError for a wrong schema."""
    if description["schema"] != SCHEMA:
        raise KeyError(description["schema"])
    given = description["dossier"]
    dossier_id = UUID(given["id"])
    kept_checks = clear(work, dossier_id)
    dossier = work.session.get(Dossier, dossier_id)
    values = _dossier_values(given, version, inventory_digest)
    if dossier is None:
        dossier = Dossier(id=dossier_id, **values)
        work.session.add(dossier)
    else:
        for name, value in values.items():
            setattr(dossier, name, value)
    work.session.flush()
    _insert_parts(work, [description])
    work.session.add_all(
        SignatureCheck(signature_id=key, checked_at=at, next_check=following)
        for key, (at, following) in kept_checks.items()
        if work.session.get(Signature, key) is not None
    )
    return dossier


def enter_new(work: Work, found: Sequence[tuple[Description, int, str]]) -> None:
    """As `enter` for dossiers of which there is no row yet: (description, version, inventory digest) of each, at once."""
    if strange := [each["schema"] for each, _, _ in found if each["schema"] != SCHEMA]:
        raise KeyError(strange[0])
    dossiers = [
        {
            "id": UUID(each["dossier"]["id"]),
            "tombstone": {},
            **_dossier_values(each["dossier"], version, digest),
        }
        for each, version, digest in found
    ]
    insert_rows(work.session, Dossier, dossiers)
    _insert_parts(work, [each for each, _, _ in found])


def _insert_parts(work: Work, descriptions: Sequence[Description]) -> None:
    """Page by page and past the session: a dossier may have a hundred thousand files."""
    for model, rows_of in ((Document, _documents), (FileObject, _files), (Signature, _signatures)):
        rows = (row for each in descriptions for row in rows_of(UUID(each["dossier"]["id"]), each))
        while page := list(islice(rows, PAGE)):
            insert_rows(work.session, model, page)


def clear(work: Work, dossier_id: UUID) -> dict[UUID, tuple[datetime, datetime]]:
    """Removes the rows of the older version; the times of signature checks are ours and stay."""
    own = select(Signature.id).where(Signature.dossier_id == dossier_id)
    checks = {
        row.signature_id: (row.checked_at, row.next_check)
        for row in work.session.scalars(select(SignatureCheck).where(SignatureCheck.signature_id.in_(own)))
    }
    for statement in (
        delete(SignatureCheck).where(SignatureCheck.signature_id.in_(own)),
        delete(Signature).where(Signature.dossier_id == dossier_id),
        delete(FileObject).where(FileObject.dossier_id == dossier_id),
        delete(Document).where(Document.dossier_id == dossier_id),
    ):
        work.session.execute(statement.execution_options(synchronize_session="fetch"))
    return checks


def _dossier_values(given: Mapping[str, Any], version: int, inventory_digest: str) -> dict[str, Any]:
    return {
        "agency_id": UUID(given["agency_id"]),
        "unit_id": UUID(given["unit_id"]) if given["unit_id"] else None,
        "fonds_id": UUID(given["fonds_id"]),
        "code": given["code"],
        "title": given["title"],
        "title_key": "\u0001".join(sort_key(given["title"])[:2])[:400],
        "regime": given["regime"],
        "tags": given["tags"],
        "maintenance": given["maintenance"],
        "access": AccessMode(given["access"]),
        "start_date": _day(given["start_date"]),
        "end_date": _day(given["end_date"]),
        "year": given["year"],
        "revision": given["revision"],
        "object_id": given["object_id"],
        "version": version,
        "inventory_digest": inventory_digest,
        "submission": given["submission"],
        "document_count": given["document_count"],
        "file_count": given["file_count"],
        "byte_count": given["byte_count"],
        "accepted_at": datetime.fromisoformat(given["accepted_at"]),
    }


def _documents(dossier_id: UUID, description: Description) -> Iterator[Row]:
    whole = AccessMode(description["dossier"]["access"])
    return (
        {
            "id": document_id(dossier_id, each["ordinal"]),
            "dossier_id": dossier_id,
            "ordinal": each["ordinal"],
            "tags": each["tags"],
            "type_name": each["type_name"],
            "number": each["number"],
            "issued_raw": each["issued_raw"],
            "issued_from": _day(each["issued_from"]),
            "issued_to": _day(each["issued_to"]),
            "organ_name": each["organ_name"],
            "subject": each["subject"],
            "access": stricter(whole, AccessMode(each["access"])),
        }
        for each in description["documents"]
    )


def _files(dossier_id: UUID, description: Description) -> Iterator[Row]:
    return (
        {
            "id": file_id(dossier_id, each["path"]),
            "dossier_id": dossier_id,
            "document_id": None if each["document"] is None else document_id(dossier_id, each["document"]),
            "position": each["position"],
            "path": each["path"],
            "size": each["size"],
            "sha256": each["sha256"],
            "sha512": each["sha512"],
            "puid": each["puid"],
            "format_name": each["format_name"],
            "mime": each["mime"],
            "pages": each["pages"],
            "malware": each["malware"],
            "text_path": each["text_path"],
        }
        for each in description["files"]
    )


def _signatures(dossier_id: UUID, description: Description) -> Iterator[Row]:
    return (
        {
            "id": signature_id(dossier_id, each["path"], each["position"]),
            "dossier_id": dossier_id,
            "file_id": file_id(dossier_id, each["path"]),
            "position": each["position"],
            "signer": each["signer"],
            "issuer": each["issuer"],
            "signed_at": datetime.fromisoformat(each["signed_at"]) if each["signed_at"] else None,
            "first_verdict": Verdict(each["first_verdict"]),
            "verdict": Verdict(each["verdict"]),
            "reason": each["reason"],
            "evidence": each["evidence"],
        }
        for each in description["signatures"]
    )


def _day(raw: str | None) -> date | None:
    return date.fromisoformat(raw) if raw else None
