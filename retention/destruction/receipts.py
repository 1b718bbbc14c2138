"""What each place reported about a destroyed dossier, and what still owes its report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry, detail_fits
from preservation.models import Copy, Dossier, ErasureReceipt
from retention.models import DestructionEntry, EntryState

ALWAYS = ("database", "index")
"""Places that every dossier lay in; beside them at least one copy."""
BEGUN = (EntryState.erasing, EntryState.gone)


def receipts_of(session: Session, list_id: UUID) -> dict[UUID, list[ErasureReceipt]]:
    """Of every begun or gone entry, by dossier, ordered by place."""
    query = (
        select(ErasureReceipt)
        .join(DestructionEntry, DestructionEntry.dossier_id == ErasureReceipt.dossier_id)
        .where(DestructionEntry.list_id == list_id, DestructionEntry.state.in_(BEGUN))
        .order_by(ErasureReceipt.dossier_id, ErasureReceipt.place)
    )
    found: dict[UUID, list[ErasureReceipt]] = {}
    for receipt in session.scalars(query):
        found.setdefault(receipt.dossier_id, []).append(receipt)
    return found


def missing_receipts(session: Session, list_id: UUID) -> list[tuple[str, str]]:
    """(dossier code, place) of everything that a begun or gone entry still owes.

    A dossier without any receipt owes all of them: no report is not the report that nothing is left. A root that
    the catalogue knows a copy in owes one too, whether or not somebody wrote down that it does.
    """
    receipts, copies = receipts_of(session, list_id), _known_copies(session, list_id)
    return [
        (code, place)
        for dossier_id, code in session.execute(_begun(list_id))
        for place in owed_places(receipts.get(dossier_id, ()), copies.get(dossier_id, ()))
    ]


def lost_receipts(session: Session, list_id: UUID) -> list[tuple[str, str]]:
    """(dossier code, place) of what the log says was erased for a certified list, and no receipt tells any more.

    Of the entries between the last rebuild and the certificate: a rebuild may know entries that are newer than the
    receipts of a list that was under way, and those are then given anew. An entry whose detail is gone says nothing.
    """
    receipts, numbers = receipts_of(session, list_id), select(func.max(LogEntry.number))
    issued = numbers.where(LogEntry.verb == Verb.list_certified, LogEntry.subject_id == str(list_id))
    upto = session.scalar(issued) or 0
    since = session.scalar(numbers.where(LogEntry.verb == Verb.archive_rebuilt, LogEntry.number < upto)) or 0
    found: set[tuple[str, str]] = set()
    for dossier_id, code in session.execute(_begun(list_id)):
        erased = (
            select(LogEntry.body, LogDetail.salt, LogDetail.detail)
            .join(LogDetail, LogDetail.number == LogEntry.number)
            .where(LogEntry.verb == Verb.copy_erased, LogEntry.subject_id == str(dossier_id))
            .where(LogEntry.number > since, LogEntry.number < upto)
        )
        known = {receipt.place for receipt in receipts.get(dossier_id, ())}
        # One that was altered is the log's own fault, told there.
        told = {json.loads(row.detail)["place"] for row in session.execute(erased) if detail_fits(*row)}
        found |= {(code, place) for place in told - known}
    return sorted(found)


def _begun(list_id: UUID) -> Select[UUID, str]:
    return (
        select(Dossier.id, Dossier.code)
        .join(DestructionEntry, DestructionEntry.dossier_id == Dossier.id)
        .where(DestructionEntry.list_id == list_id, DestructionEntry.state.in_(BEGUN))
        .order_by(Dossier.code)
    )


def _known_copies(session: Session, list_id: UUID) -> dict[UUID, list[str]]:
    query = (
        select(Copy.dossier_id, Copy.root_id)
        .join(DestructionEntry, DestructionEntry.dossier_id == Copy.dossier_id)
        .where(DestructionEntry.list_id == list_id, DestructionEntry.state.in_(BEGUN))
    )
    found: dict[UUID, list[str]] = {}
    for dossier_id, root_id in session.execute(query):
        found.setdefault(dossier_id, []).append(f"copy:{root_id}")
    return found


def owed_places(receipts: Iterable[ErasureReceipt], copies: Iterable[str] = ()) -> list[str]:
    """The places that have not reported themselves gone, those that must report and did not included."""
    gone = {receipt.place: receipt.gone_at is not None for receipt in receipts}
    absent = {place for place in (*ALWAYS, *copies) if place not in gone}
    if not any(place.startswith("copy:") for place in (*gone, *copies)):
        absent.add("copy")
    return sorted({place for place, is_gone in gone.items() if not is_gone} | absent)
