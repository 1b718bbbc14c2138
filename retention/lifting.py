"""gỡ đóng băng: one person asks, another one lifts."""

from __future__ import annotations

from uuid import UUID

from archive_service.kernel.errors import Conflict, Forbidden
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Scope, Work
from preservation.models import Dossier
from retention.models import Hold
from retention.reach import asked, person


def request_lift(work: Work, hold_id: UUID, reason: str) -> Hold:
    """Asks that a hold be lifted; it goes on holding. Another person lifts it."""
    hold = _hold_in_reach(work, hold_id, Permission.place_holds)
    hold.lift_requested_by, hold.lift_requested_at = person(work), work.now()
    hold.lift_reason = asked(reason, "lý do gỡ đóng băng", "the reason for lifting the hold")
    work.record(Verb.hold_lift_requested, hold, reason=hold.lift_reason)
    work.owe("write_system_objects")
    return hold


def lift_hold(work: Work, hold_id: UUID) -> Hold:
    """Ends a hold, by another person than the one who asked for it, with the password at the act."""
    hold = _hold_in_reach(work, hold_id, Permission.lift_holds)
    if hold.lift_requested_by is None:
        raise Conflict(
            "Chưa có đề nghị gỡ đóng băng này.",
            "Nobody has asked to lift this hold.",
            name="lift-not-requested",
        )
    if hold.lift_requested_by == person(work):
        raise Forbidden(
            "Ông/Bà đã đề nghị gỡ đóng băng này nên không được tự gỡ. Cần người thứ hai.",
            "You asked for this lifting, so you cannot do it. A second person must.",
            name="second-person-needed",
        )
    hold.lifted_by, hold.lifted_at = person(work), work.now()
    work.record(Verb.hold_lifted, hold, order=hold.order_number, reason=hold.lift_reason)
    work.owe("write_system_objects")
    return hold


def _hold_in_reach(work: Work, hold_id: UUID, permission: Permission) -> Hold:
    scope = work.allow(permission)
    work.pass_gate()
    hold: Hold = work.get(Hold, hold_id)
    _check_reach_of(work, scope, hold, permission)
    if hold.lifted_at is not None:
        raise Conflict("Đóng băng này đã được gỡ.", "This hold has been lifted.", name="already-lifted")
    return hold


def _check_reach_of(work: Work, scope: Scope, hold: Hold, permission: Permission) -> None:
    unit_id, fonds_id = hold.unit_id, hold.fonds_id
    if hold.dossier_id is not None:
        dossier = work.get(Dossier, hold.dossier_id)
        unit_id, fonds_id = dossier.unit_id, dossier.fonds_id
    if not scope.everything:
        work.allow_on(permission, unit_id, fonds_id)
