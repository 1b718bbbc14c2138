"""Execution: started by a person on its page, carried out entry by entry, each asked again at the second of its turn.

Rows first, bytes second: an entry is claimed in a short Work through the gate, and only then do its bytes go. A hold
that passes the gate first takes the entry out; one that comes later finds it begun.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.aips.erase import erase, vanish
from preservation.models import Dossier
from retention.destruction.certificate import issue_certificate
from retention.destruction.checks import execution_checks, require, unfit_entries, withdraw_unfit
from retention.destruction.entries import listed_entries, require_entries
from retention.destruction.four_eyes import refuse_second_part
from retention.destruction.papers import load_paper, paper_of
from retention.holds import held
from retention.models import Assessment, DestructionEntry, DestructionList, EntryState, ListState
from retention.reach import fresh, person

ASK_AGAIN = timedelta(minutes=15)
"""When copies are owed: how soon they are asked again."""
UNDER_WAY = (ListState.executing, ListState.copies_owed)


def start_execution(work: Work, list_id: UUID, typed_number: str) -> DestructionList:
    """Starts what cannot be undone. Raises `Conflict` named `refused-…` after the first condition that fails.

    Entries that a hold or their term forbids leave the list here; the others go on.
    """
    work.allow(Permission.execute_destruction)
    work.pass_gate()
    work.irreversible()
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.execute_destruction, listed.unit_id, listed.fonds_id)
    refuse_second_part(work, listed, Permission.execute_destruction)
    if listed.state is not ListState.waiting:
        raise Conflict(
            "Danh mục không chờ thực hiện.", "The list does not wait for execution.", name="wrong-state"
        )
    if typed_number.strip() != listed.number:
        raise NotPossible(
            f"Số danh mục nhập vào không đúng. Đề nghị nhập {listed.number}.",
            f"The typed list number is wrong. Type {listed.number}.",
            name="wrong-number",
        )
    require(execution_checks(work, listed, person(work)))
    withdraw_unfit(work, unfit_entries(work, listed, list(listed_entries(work, listed))))
    require_entries(work, listed)
    started = {"started_by": person(work), "started_at": work.now()}
    work.move(DestructionList, list_id, of=ListState.waiting, to=ListState.executing, **started)
    work.later("execute_destruction", list_id)
    work.record(Verb.execution_started, listed, number=listed.number, entries_digest=listed.entries_digest)
    work.owe("write_system_objects")
    return fresh(work, listed)


def execute_destruction(archive: Archive, list_id: str) -> None:
    """Job: erases what is listed, one entry after another, and certifies when every copy has reported itself gone.

    Safe to repeat at any point. While receipts are owed the list waits as `copies_owed` and is asked again.
    """
    key = UUID(list_id)
    if not _under_way(archive, key):
        return
    for entry_id in _begun(archive, key):
        _erase(archive, entry_id)
    while (claimed := _claim_next(archive, key)) is not None:
        _erase(archive, claimed)
    _close(archive, key)


def _under_way(archive: Archive, list_id: UUID) -> bool:
    """Asks once more what was signed, and reads the minutes: without them nothing more is erased."""
    with archive.look(THE_ARCHIVE) as work:
        listed: DestructionList = work.get(DestructionList, list_id)
        if listed.state not in UNDER_WAY:
            return False
        # A dossier whose content changed leaves by itself, at its own turn.
        checks = execution_checks(work, listed, listed.started_by)
        require(check for check in checks if check.code != "contents")
        minutes = paper_of(listed, "minutes")
    load_paper(archive, minutes)
    return True


def _begun(archive: Archive, list_id: UUID) -> list[UUID]:
    with archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(_in_state(list_id, EntryState.erasing)))


def _claim_next(archive: Archive, list_id: UUID) -> UUID | None:
    """The next entry that may be destroyed at this second, claimed; those that may not leave the list.

    Its dossier vanishes in the same transaction: a hold that comes a moment later finds it begun, or comes in time.
    """
    with archive.work(THE_ARCHIVE) as work:
        work.pass_gate()
        work.irreversible()
        listed: DestructionList = work.get(DestructionList, list_id)
        if listed.state is not ListState.executing:
            return None
        while (entry_id := work.session.scalar(_in_state(list_id, EntryState.listed).limit(1))) is not None:
            entry: DestructionEntry = work.get(DestructionEntry, entry_id)
            unfit = unfit_entries(work, listed, [entry])
            withdraw_unfit(work, unfit)
            if not unfit:
                work.move(DestructionEntry, entry_id, of=EntryState.listed, to=EntryState.erasing)
                vanish(work, entry.dossier_id, ground=entry.ground, entry_id=entry_id)
                return entry_id
        return None


def _in_state(list_id: UUID, state: EntryState) -> Select[UUID]:
    # Only what the decision names is ever touched, whatever else the list may hold.
    mine = (DestructionEntry.list_id == list_id, DestructionEntry.state == state, DestructionEntry.decided)
    return select(DestructionEntry.id).where(*mine).order_by(DestructionEntry.id)


def _erase(archive: Archive, entry_id: UUID) -> bool:
    """Erases a claimed entry; False when a copy still owes its receipt. A root that is away does not stop the others."""
    with archive.look(THE_ARCHIVE) as work:
        entry: DestructionEntry = work.get(DestructionEntry, entry_id)
    try:
        gone = erase(
            archive,
            entry.dossier_id,
            ground=entry.ground,
            entry_id=entry_id,
            before_copy=lambda work: _refuse_held(work, entry.dossier_id),
        )
    except TryLater:
        return False
    if gone:
        _note_gone(archive, entry_id)
    return gone


def _refuse_held(work: Work, dossier_id: UUID) -> None:
    """A hold that came after the first byte keeps the copies that are still there, for as long as it stands."""
    holds = held(work.session, [dossier_id]).get(dossier_id, ())
    if holds:
        raise TryLater(
            f"Đang đóng băng theo {holds[0].order_number}.",
            f"Held by {holds[0].order_number}.",
            name="held",
        )


def _note_gone(archive: Archive, entry_id: UUID) -> None:
    with archive.work(THE_ARCHIVE) as work:
        entry: DestructionEntry = work.get(DestructionEntry, entry_id)
        listed: DestructionList = work.get(DestructionList, entry.list_id)
        dossier: Dossier = work.get(Dossier, entry.dossier_id)
        dossier.tombstone = {
            **dossier.tombstone,
            "list": listed.number,
            "decision": listed.decision_number,
            "reason": entry.reason,
        }
        # What is gone is never due again; the due list would else begin with all that was ever destroyed.
        assessment = work.session.get(Assessment, dossier.id)
        if assessment is not None:
            work.session.delete(assessment)
        work.move(DestructionEntry, entry_id, of=EntryState.erasing, to=EntryState.gone)


def _close(archive: Archive, list_id: UUID) -> None:
    """Certifies a list whose every entry is gone or has left; else says that copies are owed, and asks again."""
    with archive.work(THE_ARCHIVE) as work:
        work.pass_gate()
        states = set(
            work.session.scalars(
                select(DestructionEntry.state).where(DestructionEntry.list_id == list_id).distinct()
            )
        )
        if EntryState.listed in states:
            return
        if EntryState.erasing in states:
            work.move(DestructionList, list_id, of=UNDER_WAY, to=ListState.copies_owed)
            work.later("execute_destruction", list_id, run_after=work.now() + ASK_AGAIN)
            return
        if EntryState.gone not in states:
            _end_empty(work, list_id)
            return
    issue_certificate(archive, list_id)


def _end_empty(work: Work, list_id: UUID) -> None:
    """Every entry left before its turn: nothing was destroyed, so nothing is certified."""
    why = "Mọi hồ sơ đã rời danh mục trước khi hủy."
    ended = {"stopped_at": work.now(), "stop_reason": why}
    work.move(DestructionList, list_id, of=ListState.executing, to=ListState.stopped, **ended)
    work.record_of(Verb.list_stopped, "destruction_list", list_id, reason=why)
