"""Metadata as XML (TT 02/2019 Điều 10.1b): the law's tags of every fonds, dossier and document."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.organisation import Fonds
from preservation.models import Document, Dossier, FileObject

NAMESPACE = "urn:vn-archive:metadata:1"
NAMES: Any = {"v": NAMESPACE}
#: With a prefix: below a default namespace the law's tags, which have none, would fall into ours.
PAGE = 50
CHANGING = (
    Verb.copy_made,
    Verb.dossier_stored,
    Verb.dossier_amended,
    Verb.access_mapped,
    Verb.dossier_destroyed,
)
TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_metadata(session: Session, target: Path, *, since: int, at: datetime) -> int:
    """`metadata.xml.gz` of every dossier, or of those changed after log entry `since`; returns how many. Memory is flat."""
    count = 0
    with gzip.open(target, "wb", compresslevel=3) as stream, etree.xmlfile(stream, encoding="utf-8") as out:
        out.write_declaration()
        with out.element(f"{{{NAMESPACE}}}archive", nsmap=NAMES, at=at.isoformat(), since=str(since)):
            for fonds in session.scalars(select(Fonds).order_by(Fonds.id)):
                out.write(_fonds(fonds), pretty_print=True)
            for page in _pages(session, since):
                documents, files = _parts(session, [dossier.id for dossier in page])
                for dossier in page:
                    parts = documents.get(dossier.id, []), files.get(dossier.id, [])
                    out.write(_dossier(dossier, *parts), pretty_print=True)
                    count += 1
                session.expunge_all()
    return count


def _pages(session: Session, since: int) -> Iterator[list[Dossier]]:
    if since:
        yield from _changed(session, since)
        return
    after = UUID(int=0)
    query = select(Dossier).order_by(Dossier.id).limit(PAGE)
    while page := list(session.scalars(query.where(Dossier.id > after))):
        after = page[-1].id
        yield page


def _changed(session: Session, since: int) -> Iterator[list[Dossier]]:
    """Those that a changing entry after `since` is about, each once: at the newest of its entries."""
    newer = aliased(LogEntry)
    later = select(newer.number).where(
        newer.subject_id == LogEntry.subject_id, newer.number > LogEntry.number, newer.verb.in_(CHANGING)
    )
    newest = select(LogEntry.number, LogEntry.subject_id).where(LogEntry.verb.in_(CHANGING), ~later.exists())
    while rows := session.execute(
        newest.where(LogEntry.number > since).order_by(LogEntry.number).limit(PAGE)
    ).all():
        since = rows[-1].number
        keys = [UUID(row.subject_id) for row in rows]
        yield list(session.scalars(select(Dossier).where(Dossier.id.in_(keys)).order_by(Dossier.id)))


def _element(kind: str, **attributes: object) -> etree._Element:
    given = {key: _text(value) for key, value in attributes.items() if value not in (None, "")}
    return etree.Element(f"{{{NAMESPACE}}}{kind}", given, nsmap=NAMES)


def _text(value: object) -> str:
    return UNWRITABLE.sub("\ufffd", str(value))


def _tags(parent: etree._Element, tags: Mapping[str, Any]) -> None:
    """Written exactly as the law prints them, in no namespace; a name that XML cannot take stands in `name`."""
    for name, value in tags.items():
        if TAG.fullmatch(name):
            child = etree.SubElement(parent, name)
        else:
            child = etree.SubElement(parent, f"{{{NAMESPACE}}}tag", name=_text(name))
        child.text = _text(value)


def _fonds(fonds: Fonds) -> etree._Element:
    made = _element("fonds", id=fonds.id, organ=fonds.organ_id, name=fonds.name)
    _tags(made, fonds.tags)
    return made


def _parts(
    session: Session, keys: list[UUID]
) -> tuple[dict[UUID, list[Document]], dict[UUID, list[FileObject]]]:
    """Documents and files of a page of dossiers, by dossier, in their order."""
    documents: dict[UUID, list[Document]] = {}
    listed = select(Document).where(Document.dossier_id.in_(keys)).order_by(Document.ordinal)
    for document in session.scalars(listed):
        documents.setdefault(document.dossier_id, []).append(document)
    files: dict[UUID, list[FileObject]] = {}
    own = select(FileObject).where(FileObject.dossier_id.in_(keys)).order_by(FileObject.path)
    for file in session.scalars(own):
        files.setdefault(file.dossier_id, []).append(file)
    return documents, files


def _dossier(dossier: Dossier, documents: list[Document], own: list[FileObject]) -> etree._Element:
    made = _element(
        "dossier",
        id=dossier.id,
        fonds=dossier.fonds_id,
        code=dossier.code,
        title=dossier.title,
        state=dossier.state.value,
        version=dossier.version,
        inventory_sha512=dossier.inventory_digest,
        destroyed_at=dossier.destroyed_at.isoformat() if dossier.destroyed_at else None,
    )
    _tags(made, dossier.tags)
    files: dict[UUID | None, list[FileObject]] = {}
    for file in own:
        files.setdefault(file.document_id, []).append(file)
    for document in documents:
        child = _element("document", ordinal=document.ordinal)
        _tags(child, document.tags)
        _files(child, files.get(document.id, []))
        made.append(child)
    _files(made, files.get(None, []))
    return made


def _files(parent: etree._Element, files: list[FileObject]) -> None:
    for file in files:
        parent.append(_element("file", path=file.path, size=file.size, sha256=file.sha256))
