"""What a cross-check finds: two places that should say the same and do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.models import Dossier, DossierState

PAGE = 200
"""Rows in one question: memory stays flat, and no transaction is open while storage is read."""
SETTLED = timedelta(hours=1)
"""What was begun since then may be on its way: bytes come first and rows second."""


@dataclass(frozen=True, slots=True)
class Breach:
    """`code` names the rule that is broken, `subject` the thing, by its id; words for people are made from the code."""

    code: str
    subject: str
    found: str = ""
    expected: str = ""


Check = Callable[[Archive], Iterator[Breach]]


def living_pages(archive: Archive) -> Iterator[Sequence[Dossier]]:
    """Every dossier that is not destroyed, by id, each page in a transaction of its own."""
    return dossier_pages(archive, select(Dossier).where(Dossier.state != DossierState.destroyed))


def dossier_pages(archive: Archive, query: Select[Dossier]) -> Iterator[Sequence[Dossier]]:
    after = UUID(int=0)
    while True:
        with archive.look(THE_ARCHIVE) as work:
            page = work.session.scalars(
                query.where(Dossier.id > after).order_by(Dossier.id).limit(PAGE)
            ).all()
        if not page:
            return
        yield page
        after = page[-1].id
