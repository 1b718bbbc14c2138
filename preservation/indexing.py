"""The debt to the index: noted in the transaction that changes a dossier, so that nobody can forget it."""

from __future__ import annotations

from archive_service.work import Work
from preservation.models import Dossier, Indexed


def owe_index(work: Work, dossier: Dossier, *, blocked: bool = False) -> None:
    """Notes that the index must learn of the dossier, and queues it. With `blocked` it vanishes from answers at commit."""
    if blocked:
        hide(work, dossier)
    work.later("index_dossier", dossier.id)


def hide(work: Work, dossier: Dossier) -> None:
    """From the commit on no answer holds the dossier; for one that is being destroyed, which no job indexes again."""
    row = work.session.get(Indexed, dossier.id)
    if row is None:
        row = Indexed(dossier_id=dossier.id)
        work.session.add(row)
    row.blocked = True
