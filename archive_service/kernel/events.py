"""What can happen, by name. An event that is not listed here cannot be recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Verb(StrEnum):
    """`object.what-happened`; the names are stable, PREMIS event types are mapped in `preservation/aips/premis.py`."""

    archive_initialised = "archive.initialised"
    archive_rebuilt = "archive.rebuilt"
    clock_confirmed = "archive.clock-confirmed"
    destruction_released = "archive.destruction-released"
    signed_in = "account.signed-in"
    sign_in_failed = "account.sign-in-failed"
    signed_out = "account.signed-out"
    password_given = "account.password-given"  # noqa: S105
    password_changed = "account.password-changed"  # noqa: S105
    person_added = "account.added"
    person_locked = "account.locked"
    work_handed_over = "account.work-handed-over"
    token_made = "account.token-made"  # noqa: S105
    token_ended = "account.token-ended"  # noqa: S105
    grant_requested = "grant.requested"
    grant_confirmed = "grant.confirmed"
    grant_refused = "grant.refused"
    grant_ended = "grant.ended"
    agency_added = "agency.added"
    unit_added = "unit.added"
    fonds_added = "fonds.added"
    job_run_again = "job.run-again"
    sip_received = "sip.received"
    sip_resent = "sip.resent"
    sip_checked = "sip.checked"
    sip_duplicate = "sip.duplicate"
    sip_assigned = "sip.assigned"
    sip_accepted = "sip.accepted"
    sip_returned = "sip.returned"
    sip_refused = "sip.refused"
    sip_erased = "sip.erased"
    dossier_stored = "dossier.stored"
    dossier_indexed = "dossier.indexed"
    dossier_read = "dossier.read"
    dossier_exported = "dossier.exported"
    dossier_destroyed = "dossier.destroyed"
    dossier_amended = "dossier.amended"
    access_mapped = "dossier.access-mapped"
    document_read = "document.read"
    page_read = "document.page-read"
    file_downloaded = "file.downloaded"
    searched = "search.made"
    list_exported = "list.exported"
    root_probed = "root.probed"
    root_brought = "root.brought"
    set_sealed = "root.set-sealed"
    medium_changed = "root.medium-changed"
    root_retired = "root.retired"
    medium_destroyed = "root.medium-destroyed"
    copy_locked = "copy.locked"
    copy_made = "copy.made"
    copy_verified = "copy.verified"
    copy_failed = "copy.failed"
    copy_restored = "copy.restored"
    repairs_allowed = "copy.repairs-allowed"
    audit_finished = "fixity.finished"
    audit_stopped = "fixity.stopped"
    signature_verified = "signature.verified"
    signature_changed = "signature.changed"
    incident_opened = "incident.opened"
    incident_closed = "incident.closed"
    incident_waits = "incident.waits-for-person"
    incident_described = "incident.described"
    incident_reported = "incident.reported"
    audit_paper_made = "fixity.paper-made"
    audit_paper_read = "fixity.paper-read"
    alarm_sent = "alarm.sent"
    hold_placed = "hold.placed"
    hold_lift_requested = "hold.lift-requested"
    hold_lifted = "hold.lifted"
    retention_assessed = "retention.assessed"
    list_proposed = "destruction.proposed"
    list_sent = "destruction.sent"
    list_answered = "destruction.answered"
    list_reviewed = "destruction.reviewed"
    list_decided = "destruction.decided"
    list_declined = "destruction.declined"
    list_stopped = "destruction.stopped"
    execution_started = "destruction.started"
    entry_withdrawn = "destruction.entry-withdrawn"
    copy_erased = "destruction.copy-erased"
    paper_read = "destruction.paper-read"
    list_certified = "destruction.certified"
    invariants_checked = "archive.invariants-checked"
    backup_made = "backup.made"
    backup_expired = "backup.expired"
    backup_checked = "backup.checked"
    medium_prepared = "backup.medium-prepared"
    archive_restored = "archive.restored"
    drill_finished = "drill.finished"
    master_key_changed = "keystore.master-key-changed"
    keys_exported = "keystore.exported"
    root_exported = "root.exported"
    log_anchored = "log.anchored"
    log_exported = "log.exported"
    detail_erased = "log.detail-erased"


@dataclass(frozen=True, slots=True)
class Event:
    """Recorded in a Work, sealed into the log when it commits. `detail` may be erased later; the rest may not."""

    verb: Verb
    subject_type: str
    subject_id: UUID | str | None
    outcome: str = "success"
    detail: dict[str, Any] = field(default_factory=dict)
