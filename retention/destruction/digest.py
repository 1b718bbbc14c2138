"""The digest over the entries that a decision names: what the head signed is what is executed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.models import Dossier
from retention.models import Answer, DestructionEntry, DestructionList


@dataclass(frozen=True, slots=True)
class Decided:
    """One entry as it was decided. `inventory` is the SHA-512 of its OCFL inventory on that day."""

    dossier_id: UUID
    code: str
    inventory: str
    answer: str = Answer.destroy.value


def entries_digest(list_number: str, entries: Iterable[Decided]) -> str:
    """SHA-256 over the RFC 8785 form of the list's number and its entries, in the order of their ids.

    >>> one = Decided(UUID(int=1), "H1", "aa"); two = Decided(UUID(int=2), "H2", "bb")
    >>> entries_digest("03/2026", [one, two]) == entries_digest("03/2026", [two, one])
    True
    >>> entries_digest("03/2026", [one]) == entries_digest("04/2026", [one])
    False
    """
    lines = [
        {
            "answer": each.answer,
            "code": each.code,
            "dossier": str(each.dossier_id),
            "inventory": each.inventory,
        }
        for each in sorted(entries, key=lambda each: each.dossier_id)
    ]
    return hashlib.sha256(rfc8785.dumps({"entries": lines, "list": list_number})).hexdigest()


def digest_of(session: Session, listed: DestructionList) -> str:
    """The digest as the rows say now. Entries that left after the decision still count: it named them."""
    query = (
        select(DestructionEntry, Dossier.code)
        .join(Dossier, Dossier.id == DestructionEntry.dossier_id)
        .where(DestructionEntry.list_id == listed.id, DestructionEntry.decided)
    )
    return entries_digest(listed.number, (_as_decided(entry, code) for entry, code in session.execute(query)))


def _as_decided(entry: DestructionEntry, code: str) -> Decided:
    # A hold, or a fact that changed, takes an entry out after the decision; any other answer is an alteration.
    left = entry.answer in (Answer.held, Answer.taken_out)
    answer = Answer.destroy if left else entry.answer
    return Decided(entry.dossier_id, code, entry.inventory_digest, answer.value)
