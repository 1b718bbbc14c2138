"""Which dossiers somebody's right reaches, as a condition on the catalogue; and what people must type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.db import Base
from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.kernel.vietnamese import nfc
from archive_service.work import Scope, Work
from preservation.models import Dossier

T = TypeVar("T")
Row = TypeVar("Row", bound=Base)
CHUNK = 500  # both databases limit the parameters of one statement


def in_scope(scope: Scope) -> ColumnElement[bool]:
    if scope.everything:
        return true()
    return or_(Dossier.unit_id.in_(scope.units), Dossier.fonds_id.in_(scope.fonds))


def chunked(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def today(work: Work) -> date:
    """The calendar day in Vietnam, by which terms end."""
    return vietnam_date(work.now())


def asked(text: str, vi: str, en: str) -> str:
    """What was typed, in NFC and trimmed. Raises `NotPossible` that names the field when nothing was."""
    given = nfc(text).strip()
    if not given:
        raise NotPossible(f"Đề nghị nhập {vi}.", f"Enter {en}.", name="field-missing")
    return given


def person(work: Work) -> UUID:
    """Who acts. The archive's own hands and the operator of the server are nobody here."""
    if work.actor.id is None:
        raise Forbidden("Việc này cần một người thực hiện.", "This act needs a person.")
    return work.actor.id


def fresh(work: Work, row: Row) -> Row:
    """The row read again: bulk changes leave expired rows, which whoever gets them could not read any more."""
    work.session.flush()
    work.session.refresh(row)
    return row
