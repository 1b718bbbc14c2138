"""A dossier's next version: new metadata beside the same originals, in every root, and the same rows made anew from it.

The new description is written to a row before the first byte: whoever takes the work up after a crash plans the very
same bytes, so that no two roots can hold different versions of one number.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Missing, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.work import Archive, Work
from preservation.aips.build import derived
from preservation.aips.catalogue import DESCRIPTION, Description, enter
from preservation.aips.erase import erase_again
from preservation.aips.store import US, copies_of, senders_of, stores_of
from preservation.copies import holding
from preservation.incidents.register import open_incident
from preservation.indexing import owe_index
from preservation.models import (
    AccessMode,
    Amendment,
    Copy,
    CopyState,
    Document,
    Dossier,
    DossierState,
    stricter,
)
from preservation.ocfl.inventory import INVENTORY, Inventory, parse_inventory
from preservation.ocfl.layout import object_path
from preservation.ocfl.plan import Changes, VersionPlan, file_of, plan_version
from preservation.ocfl.state import read_small
from preservation.ocfl.store import ObjectDamaged, content_key, write_version
from preservation.roots.markers import failure_domains, writable_root
from preservation.verify import faults_against

Change = Callable[[Description], Description]
GOOD = (CopyState.verified, CopyState.not_checked)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One root: "" when the version was read back from it, else why it is not there. `away`: it may be there later."""

    trouble: str
    away: bool = False


BUSY = Outcome("in use", away=True)


def amend(archive: Archive, dossier_id: UUID, change: Change, message: str) -> bool:
    """Applies `change` to the description and stores the result as the next version; False when nothing changed.

    Raises `Missing`, `Conflict` (destroyed, or amended meanwhile), `TryLater` (no copy can be read or written): then
    the job `amend_dossier` goes on with what was decided.
    """
    finish_amendment(archive, str(dossier_id))
    with archive.look(THE_ARCHIVE) as work:
        dossier: Dossier = work.get(Dossier, dossier_id)
    before = proven_description(archive, dossier)
    after = change(copy.deepcopy(before))
    if after == before:
        return False
    with archive.work(THE_ARCHIVE) as work:
        propose_amendment(work, dossier_id, after, message)
    finish_amendment(archive, str(dossier_id))
    return True


def event_of(kind: str, at: datetime, detail: str) -> dict[str, Any]:
    """One more event of the description, for PREMIS; `kind` is a PREMIS event type."""
    return {"type": kind, "at": at.isoformat(), "detail": detail}


def propose_amendment(work: Work, dossier_id: UUID, description: Description, message: str) -> None:
    """Fixes what the next version will be and queues its writing. `description` still has the old revision.

    Raises `Conflict` when the dossier changed since it was read, is destroyed or has an amendment under way.
    """
    # The row's lock: a destruction that begins meanwhile must see this amendment, or this must see it.
    dossier = work.session.get(Dossier, dossier_id, with_for_update=True, populate_existing=True)
    if dossier is None:
        raise Missing
    if (
        dossier.state is DossierState.destroyed
        or dossier.revision != description["dossier"]["revision"]
        or work.session.get(Amendment, dossier_id) is not None
    ):
        raise Conflict(
            "Hồ sơ vừa được thay đổi. Đề nghị tải lại trang.",
            "The dossier has just been changed. Load the page again.",
            name="changed-meanwhile",
        )
    description["dossier"]["revision"] += 1
    work.session.add(
        Amendment(dossier_id=dossier_id, description=description, message=message, created_at=work.now())
    )
    work.later("amend_dossier", dossier_id)


def proven_description(archive: Archive, dossier: Dossier) -> Description:
    """The description as the catalogue's inventory digest vouches for it, from whichever copy gives it.

    Raises `TryLater`.
    """
    with _known_inventory(archive, dossier) as (store, inventory):
        digest = inventory.files()[DESCRIPTION]
        with store.open(content_key(inventory, digest), fresh=True) as stream:
            data = stream.read()
    if hashlib.sha512(data).hexdigest() != digest:
        raise TryLater("Bản sao đang hỏng.", f"{DESCRIPTION} of {dossier.id} is damaged.", name="copies-away")
    found: Description = json.loads(data)
    return found


@contextmanager
def _known_inventory(archive: Archive, dossier: Dossier) -> Iterator[tuple[ObjectStore, Inventory]]:
    """The inventory of the catalogue's version, byte for byte; a root may be a version ahead of it by now."""
    path = f"{object_path(dossier.object_id)}/v{dossier.version}/{INVENTORY}"
    for store in stores_of(archive, dossier.id):
        try:
            data = read_small(store, path)
        except StoreAway:
            continue
        if data is not None and hashlib.sha512(data).hexdigest() == dossier.inventory_digest:
            yield store, parse_inventory(data)
            return
    raise TryLater(
        "Chưa đọc được hồ sơ từ kho lưu nào.", "No copy of the dossier can be read.", name="copies-away"
    )


def finish_amendment(archive: Archive, dossier_id: str) -> None:
    """Job: writes the amendment under way to the roots, proves it and enters the rows. Repeatable after any crash.

    Of the good copies as many must take it as are required for storing; the others are owed it. Damaged ones get it
    when they are restored: waiting for them would keep them from being restored. One that others are reading or writing
    counts as away. Raises `TryLater`.
    """
    key = UUID(dossier_id)
    with archive.look(THE_ARCHIVE) as work:
        pending = work.session.get(Amendment, key) is not None
        roots = sorted(row.root_id for row in copies_of(work, key) if row.state in GOOD)
    held: set[str] = set()
    with ExitStack() as leases:
        for root_id in roots if pending else ():
            with suppress(TryLater):
                leases.enter_context(holding(archive, key, root_id))
                held.add(root_id)
        _finish(archive, key, held)


def _finish(archive: Archive, key: UUID, held: set[str]) -> None:
    """`held`: the roots whose copies nobody else reads or writes, until the new rows are there."""
    with archive.look(THE_ARCHIVE) as work:
        amendment = work.session.get(Amendment, key)
        dossier: Dossier = work.get(Dossier, key)
        copies, senders = copies_of(work, key), senders_of(work, key)
    if amendment is None:
        if (
            dossier.state is DossierState.destroyed
        ):  # whoever wrote before us may have died before clearing up
            erase_again(archive, dossier, archive.stores)
        return
    plan = _plan(archive, dossier, amendment)
    good = [row.root_id for row in copies if row.state in GOOD]
    outcomes = {root: _write(archive, root, plan, senders) if root in held else BUSY for root in good}
    with archive.work(THE_ARCHIVE) as work:
        gone = work.session.get(Amendment, key, with_for_update=True) is None
        if not gone:
            _require_enough(archive, outcomes)
            _enter(work, dossier, amendment, plan, outcomes)
            return
        destroyed = work.session.get_one(Dossier, key).state is DossierState.destroyed
    if destroyed:  # while we wrote: what came back must go again
        erase_again(archive, dossier, outcomes)


def _require_enough(archive: Archive, outcomes: Mapping[str, Outcome]) -> None:
    proven = {root for root, outcome in outcomes.items() if not outcome.trouble}
    possible = proven | {root for root, outcome in outcomes.items() if outcome.away}
    needed = min(archive.settings.required_copies, len(failure_domains(archive, possible)))
    if len(failure_domains(archive, proven)) < max(1, needed):
        told = "; ".join(f"{root}: {outcome.trouble}" for root, outcome in outcomes.items())
        raise TryLater(
            "Chưa ghi được phiên bản mới vào đủ số kho; kho tự thử lại.",
            f"Too few roots took the version: {told}",
            name="copies-missing",
        )


def _plan(archive: Archive, dossier: Dossier, amendment: Amendment) -> VersionPlan:
    with _known_inventory(archive, dossier) as (_, previous):
        return plan_version(
            dossier.object_id,
            previous,
            Changes({path: file_of(data) for path, data in derived(amendment.description)}),
            message=amendment.message,
            user=US,
            created=amendment.created_at,
        )


def _write(archive: Archive, root_id: str, plan: VersionPlan, senders: dict[str, str]) -> Outcome:
    try:
        store = writable_root(archive, root_id)
        write_version(store, plan)
        fault = next(faults_against(store, plan.inventory, senders), None)
        writable_root(archive, root_id)  # else a disk that vanished since left its version on the mount point
    except TryLater as error:
        return Outcome(str(error), away=True)
    except (Conflict, ObjectDamaged) as error:
        return Outcome(f"{type(error).__name__}: {error}")
    return Outcome(f"{fault.kind} {fault.path}" if fault else "")


def _enter(
    work: Work, dossier: Dossier, amendment: Amendment, plan: VersionPlan, outcomes: Mapping[str, Outcome]
) -> None:
    digest, before = hashlib.sha512(plan.data).hexdigest(), _audience(work, dossier.id)
    entered = enter(work, amendment.description, plan.number, digest)
    for row in copies_of(work, dossier.id):
        # One that a repair or an audit called good since we looked has the version before.
        outcome = outcomes.get(row.root_id) or (BUSY if row.state in GOOD else None)
        if outcome is not None:
            _enter_copy(work, entered, row, outcome)
    work.session.delete(work.session.get_one(Amendment, dossier.id))
    owe_index(work, entered, blocked=_narrowed(before, _audience(work, dossier.id)))
    work.owe("assess_dossier", dossier.id)
    work.record(
        Verb.dossier_amended, entered, version=plan.number, inventory=digest, message=amendment.message
    )


Audience = dict[UUID, tuple[AccessMode, UUID | None, UUID]]


def _audience(work: Work, dossier_id: UUID) -> Audience:
    """Who may see the dossier and each of its documents: mode, unit and fonds by id."""
    dossier = work.session.get_one(Dossier, dossier_id)
    modes = select(Document.id, Document.access).where(Document.dossier_id == dossier_id)
    return {
        key: (mode, dossier.unit_id, dossier.fonds_id)
        for key, mode in ((dossier.id, dossier.access), *work.session.execute(modes))
    }


def _narrowed(before: Audience, after: Audience) -> bool:
    """Whether somebody may see less than before: then nobody finds it until the index knows."""
    return any(
        key not in after or after[key][1:] != seen[1:] or stricter(after[key][0], seen[0]) is not seen[0]
        for key, seen in before.items()
    )


def _enter_copy(work: Work, dossier: Dossier, row: Copy, outcome: Outcome) -> None:
    now = work.now()
    if not outcome.trouble:
        row.state, row.version, row.verified_at = CopyState.verified, dossier.version, now
        row.next_check = now + timedelta(days=work.settings.fixity_days)
    elif outcome.away:
        row.state, row.next_check = CopyState.owed, now
        work.later("make_copy", dossier.id, row.root_id)
    else:
        # It answers, and holds something else than it must: for a person, not for a retry.
        row.state, row.next_check = CopyState.changed, now
        told = {"found": outcome.trouble, "expected": dossier.inventory_digest}
        open_incident(work, "changed", dossier=dossier, root_id=row.root_id, path=INVENTORY, **told)
