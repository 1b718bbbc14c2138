"""What was found of a copy, told once: its row, an incident for each fault, and whether any good copy is left."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from archive_service.kernel.events import Verb
from archive_service.work import Work
from preservation.incidents.register import open_incident
from preservation.models import Copy, CopyState, Dossier
from preservation.verify import CopyFault

RECHECK = timedelta(days=1)
"""How soon a faulty copy is read again."""
#: The state of a copy is its gravest fault.
GRAVITY = (CopyState.missing, CopyState.changed, CopyState.unreadable, CopyState.extra)
BAD = (CopyState.missing, CopyState.changed, CopyState.unreadable, CopyState.lost)


def tell(
    work: Work,
    dossier: Dossier,
    copy: Copy,
    faults: list[CopyFault],
    *,
    whole: bool = False,
    agreed: str | None = None,
) -> None:
    """Writes what was found to the copy's row: its state, the next check, an incident for each fault, the event.

    The copies were read just now: `whole`: together they hold every file; `agreed`: the inventory by which each of
    them is whole, though not by the catalogue.
    """
    now, before = work.now(), copy.state
    kinds = {CopyState(fault.kind) for fault in faults}
    copy.state = next((state for state in GRAVITY if state in kinds), CopyState.verified)
    copy.next_check = now + (RECHECK if faults else timedelta(days=work.settings.fixity_days))
    copy.next_quick = now + timedelta(days=work.settings.quick_days)
    if faults:
        new = [f for f in faults if open_incident_of(work, dossier, copy.root_id, f)]
        if new or before is CopyState.verified:
            work.record(
                Verb.copy_failed, dossier, outcome="failure", root=copy.root_id,
                faults=[f"{fault.kind} {fault.path}" for fault in faults],
            )  # fmt: skip
    else:
        copy.version, copy.verified_at = dossier.version, now
        if before is not CopyState.verified:
            work.record(Verb.copy_verified, dossier, root=copy.root_id, before=before.value)
    work.session.flush()
    _count_good(work, dossier, whole=whole, agreed=agreed)


def open_incident_of(work: Work, dossier: Dossier, root_id: str, fault: CopyFault) -> bool:
    return open_incident(
        work,
        fault.kind,
        dossier=dossier,
        root_id=root_id,
        path=fault.path,
        found=fault.found,
        expected=fault.expected,
    )


def _count_good(work: Work, dossier: Dossier, *, whole: bool, agreed: str | None) -> None:
    """No good copy left: the record is lost, unless people find one. One good again: the others can be restored.

    Copies that all say the same are told by another name: a row of the catalogue changed, or somebody changed them all.
    """
    # An owed copy that never was has no bytes; one that is only behind has.
    copies = [
        row
        for row in work.session.scalars(select(Copy).where(Copy.dossier_id == dossier.id))
        if row.state is not CopyState.owed or row.version
    ]
    if all(row.state in BAD for row in copies):
        if whole:  # repaired piece by piece
            return
        for row in copies:
            row.state = CopyState.lost
        if agreed is None:
            open_incident(work, "lost", dossier=dossier)
        else:
            expected = dossier.inventory_digest
            open_incident(work, "catalogue-differs", dossier=dossier, found=agreed, expected=expected)
        return
    for row in copies:
        if row.state is CopyState.lost:
            row.state, row.next_check = CopyState.not_checked, work.now()
