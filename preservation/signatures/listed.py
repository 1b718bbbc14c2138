"""Signatures over the whole archive as an auditor lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.access import in_scope
from preservation.models import Dossier, FileObject, Signature, Verdict
from preservation.watch_models import SignatureCheck

MOST_COUNTED = 10_001


@dataclass(frozen=True, slots=True)
class SignatureLine:
    signature: Signature
    path: str
    dossier_id: UUID
    code: str
    checked_at: datetime | None


def list_signatures(
    work: Work,
    archive: Archive,
    *,
    verdict: Verdict | None = None,
    changed: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Listed[SignatureLine]:
    """Newest first; `changed`: only those whose verdict is another one than at ingest."""
    scope = work.allow(Permission.see_fixity)
    bound = f"signatures:{work.actor.id}:{verdict}:{changed}"
    query = (
        select(Signature, FileObject.path, Dossier.id, Dossier.code, SignatureCheck.checked_at)
        .join(FileObject, FileObject.id == Signature.file_id)
        .join(Dossier, Dossier.id == Signature.dossier_id)
        .outerjoin(SignatureCheck, SignatureCheck.signature_id == Signature.id)
        .where(in_scope(scope))
        .order_by(Signature.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if verdict is not None:
        query = query.where(Signature.verdict == verdict)
    if changed:
        query = query.where(Signature.verdict != Signature.first_verdict)
    if cursor is not None:
        (after,) = read_cursor(archive.keys.secret, bound, cursor)
        query = query.where(Signature.id < UUID(str(after)))
    rows = [SignatureLine(*row) for row in work.session.execute(query)]
    last = [rows[limit - 1].signature.id] if len(rows) > limit else None
    return Listed(rows[:limit], make_cursor(archive.keys.secret, bound, last) if last else None)


def count_verdicts(work: Work) -> dict[Verdict, int]:
    """How many signatures have which verdict; all counts together stop at `MOST_COUNTED`."""
    scope = work.allow(Permission.see_fixity)
    some = (
        select(Signature.verdict)
        .join(Dossier, Dossier.id == Signature.dossier_id)
        .where(in_scope(scope))
        .limit(MOST_COUNTED)
        .subquery()
    )
    rows = work.session.execute(select(some.c.verdict, func.count()).group_by(some.c.verdict))
    return {verdict: count for verdict, count in rows}  # noqa: C416  rows are no pairs to a type checker
