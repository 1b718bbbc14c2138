"""Submissions that came back from a backup beside a catalogue that went on without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select, update

from archive_service.work import Work
from ingest.invariants import WAITS_FOR
from ingest.models import ENDED, Sip, SipFile, SipState


def settle_stored(work: Work, dossiers: Mapping[UUID, UUID]) -> None:
    """Submission → the dossier that storage holds of it: it is stored, whatever the backup says."""
    open_ones = select(Sip.id).where(Sip.id.in_(dossiers), Sip.state != SipState.stored)
    for sip_id in work.session.scalars(open_ones).all():
        stored = {"state": SipState.stored, "dossier_id": dossiers[sip_id], "description": {}}
        work.session.execute(update(Sip).where(Sip.id == sip_id).values(**stored))
        work.session.execute(delete(SipFile).where(SipFile.sip_id == sip_id))
        work.later("erase_staged", sip_id)


def settle_returned(work: Work, returned: Sequence[UUID], refused: Sequence[UUID]) -> None:
    """Those that were sent back after the backup; their reasons stood in the details of the log, which are lost."""
    for ids, state in ((returned, SipState.returned), (refused, SipState.refused)):
        chosen = update(Sip).where(Sip.id.in_(ids), Sip.state.not_in(ENDED))
        work.session.execute(chosen.values(state=state, description={}))
        work.session.execute(delete(SipFile).where(SipFile.sip_id.in_(ids)))


def go_on(work: Work) -> None:
    """A job for each that waits for one: the ledger of the old database is gone."""
    for sip_id, state in work.session.execute(
        select(Sip.id, Sip.state).where(Sip.state.in_(WAITS_FOR))
    ).all():
        work.later(WAITS_FOR[state], sip_id)
