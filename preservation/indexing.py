"""The debt to the index: noted in the transaction that changes a dossier, so that nobody can forget it."""

from __future__ import annotations

from archive_service.work import Work
from preservation.models import Dossier, Indexed


def owe_index(work: Work, dossier: Dossier, *, hide: bool = False) -> None:
    """Notes that the index must learn of the dossier, and queues it. With `hide` it vanishes from answers at commit."""
    row = work.session.get(Indexed, dossier.id)
    if row is None:
        row = Indexed(dossier_id=dossier.id)
        work.session.add(row)
    row.blocked = row.blocked or hide
    work.later("index_dossier", dossier.id)
