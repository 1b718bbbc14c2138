"""What a dossier holds, as one person sees it: its documents with their originals and verdicts, and their neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, select

from archive_service.work import Work
from preservation.access import may_read, whole_mode
from preservation.models import AccessMode, Document, Dossier, FileObject, Signature, Verdict

Columns = TypeVarTuple("Columns")
#: From the best verdict to the worst: a document with several signatures shows its worst.
GRAVITY = (Verdict.total_passed, Verdict.indeterminate, Verdict.total_failed)

#: Totals that the law's tags declare; told only to those who may read all that they count.
TOTALS = frozenset({"TotalDoc", "PageNumber", "SheetNumber"})


@dataclass(frozen=True, slots=True)
class Line:
    """A document in Mục lục văn bản. `verdict` is the worst of its signatures, None without any."""

    document: Document
    original: FileObject | None
    files: int
    verdict: Verdict | None


def modes_read(work: Work, dossier: Dossier) -> list[AccessMode]:
    return [mode for mode in AccessMode if may_read(work, dossier, mode)]


def reads_whole(work: Work, dossier: Dossier) -> bool:
    """Whether the actor may read everything in the dossier: only then do totals tell nothing that is closed."""
    return may_read(work, dossier, whole_mode(work, dossier))


def lines_of(work: Work, documents: Sequence[Document]) -> list[Line]:
    """The documents that were already found to be readable, each with its files and verdict."""
    files: dict[UUID, list[FileObject]] = {}
    ids = [document.id for document in documents]
    query = select(FileObject).where(FileObject.document_id.in_(ids)).order_by(FileObject.position)
    for file in work.session.scalars(query):
        if file.document_id is not None:
            files.setdefault(file.document_id, []).append(file)
    verdicts = _worst(work, [file.id for own in files.values() for file in own])
    return [_line(document, files.get(document.id, []), verdicts) for document in documents]


def _line(document: Document, files: list[FileObject], verdicts: dict[UUID, Verdict]) -> Line:
    own = [verdicts[file.id] for file in files if file.id in verdicts]
    return Line(document, files[0] if files else None, len(files), max(own, key=GRAVITY.index, default=None))


def _worst(work: Work, file_ids: Sequence[UUID]) -> dict[UUID, Verdict]:
    found: dict[UUID, Verdict] = {}
    for row in work.session.scalars(select(Signature).where(Signature.file_id.in_(file_ids))):
        found[row.file_id] = max(found.get(row.file_id, row.verdict), row.verdict, key=GRAVITY.index)
    return found


def signature_counts(work: Work, dossier: Dossier) -> Counter[str]:
    """How many of the readable documents have which worst verdict; "none" counts those without a signature."""
    query = select(Document).where(
        Document.dossier_id == dossier.id, Document.access.in_(modes_read(work, dossier))
    )
    lines = lines_of(work, work.session.scalars(query).all())
    return Counter(line.verdict.value if line.verdict else "none" for line in lines)


def files_seen(work: Work, dossier: Dossier, *, all_of_them: bool) -> Sequence[FileObject]:
    """The files of readable documents by path; with `all_of_them` the bag's own and the closed ones too."""
    query = select(FileObject).where(FileObject.dossier_id == dossier.id).order_by(FileObject.path)
    return work.session.scalars(query if all_of_them else _readable(work, dossier, query)).all()


def signatures_seen(
    work: Work, dossier: Dossier, *, all_of_them: bool
) -> Sequence[tuple[Signature, FileObject]]:
    query = (
        select(Signature, FileObject)
        .join(FileObject, FileObject.id == Signature.file_id)
        .where(Signature.dossier_id == dossier.id)
        .order_by(FileObject.path, Signature.position)
    )
    rows = work.session.execute(query if all_of_them else _readable(work, dossier, query))
    return [(signature, file) for signature, file in rows]


def _readable(work: Work, dossier: Dossier, query: Select[*Columns]) -> Select[*Columns]:
    modes = modes_read(work, dossier)
    return query.join(Document, Document.id == FileObject.document_id).where(Document.access.in_(modes))


def neighbours(work: Work, dossier: Dossier, document: Document) -> tuple[Document | None, Document | None]:
    """The readable documents before and after this one."""
    own = select(Document).where(
        Document.dossier_id == dossier.id, Document.access.in_(modes_read(work, dossier))
    )
    before = own.where(Document.ordinal < document.ordinal).order_by(Document.ordinal.desc()).limit(1)
    after = own.where(Document.ordinal > document.ordinal).order_by(Document.ordinal).limit(1)
    return work.session.scalars(before).first(), work.session.scalars(after).first()


def signatures_of(work: Work, file: FileObject) -> Sequence[Signature]:
    query = select(Signature).where(Signature.file_id == file.id).order_by(Signature.position)
    return work.session.scalars(query).all()
