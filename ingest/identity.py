"""Whose dossier is it, and is it here already? Identity = (agency, dossier code); content = digest over the manifests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.findings import Finding
from archive_service.kernel.organisation import Fonds, Unit
from archive_service.kernel.people import Person, actor_of
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from ingest.checks import FileFacts
from ingest.models import ENDED, Sip, SipState
from preservation.description import METADATA, DossierDescription, accessors
from preservation.models import Dossier, DossierState


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a dossier belongs by its own tags, within the scope of the account that sent it."""

    agency_id: UUID
    fonds_id: UUID
    unit_id: UUID | None


def content_digest(facts: Mapping[str, FileFacts]) -> str:
    """SHA-256 over the sorted payload lines: equal for the same files in another container or order."""
    lines = sorted(f"{f.sha256}  {path}\n" for path, f in facts.items() if path.startswith("data/"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def belonging(work: Work, sip: Sip, description: DossierDescription) -> Belonging | None:
    """The fonds that OrganId names, if the sender may submit for it; None otherwise, with no word about others."""
    code = accessors.dossier_code(description)
    fonds = work.session.scalars(
        select(Fonds).where(Fonds.organ_id == (code.organ_id or code.identifier))
    ).first()
    person = work.session.get(Person, sip.submitted_by) if sip.submitted_by else None
    if fonds is None or person is None:
        return None
    unit = work.session.get(Unit, person.unit_id) if person.unit_id else None
    own = unit is not None and unit.agency_id == fonds.agency_id
    sender = actor_of(work.session, person, "job", work.now())
    scope = work.scope_of_grants(list(sender.grants_for(Permission.submit)))
    if not (scope.holds(person.unit_id, fonds.id) and (own or scope.everything or fonds.id in scope.fonds)):
        return None
    return Belonging(fonds.agency_id, fonds.id, person.unit_id if own else None)


def outside_scope(description: DossierDescription) -> Finding:
    code = accessors.dossier_code(description)
    return Finding("agency-outside-scope", METADATA, code.organ_id or code.identifier)


def same_identity(work: Work, sip: Sip, agency_id: UUID, code: str) -> Iterator[Sip]:
    """Other submissions of the same dossier that are open or stored, newest first."""
    yield from work.session.scalars(
        select(Sip)
        .where(Sip.agency_id == agency_id, Sip.dossier_code == code, Sip.id != sip.id)
        .where(Sip.state.not_in([s for s in ENDED if s is not SipState.stored]))
        .order_by(Sip.received_raw.desc())
    )


def earlier_try(work: Work, sip: Sip, agency_id: UUID, code: str) -> dict[str, Any]:
    """Links to the try that was returned, if this is a better one of the same dossier."""
    before = work.session.scalars(
        select(Sip)
        .where(Sip.agency_id == agency_id, Sip.dossier_code == code, Sip.id != sip.id)
        .where(Sip.state == SipState.returned, Sip.received_raw <= sip.received_raw)
        .order_by(Sip.received_raw.desc())
    ).first()
    return {} if before is None else {"previous_id": before.id, "try_number": before.try_number + 1}


def kept_dossier(work: Work, agency_id: UUID, code: str) -> Dossier | None:
    """The dossier of that identity in the archive, destroyed ones included."""
    return work.session.scalars(
        select(Dossier).where(Dossier.agency_id == agency_id, Dossier.code == code)
    ).one_or_none()


def conflict(dossier: Dossier | None, code: str) -> Finding:
    """A destroyed dossier is named as such: the sender's own scope, so it may know."""
    told = "open" if dossier is None else "destroyed" if is_destroyed(dossier) else "stored"
    return Finding("identity-conflict", METADATA, code, told)


def is_destroyed(dossier: Dossier | None) -> bool:
    return dossier is not None and dossier.state is DossierState.destroyed
