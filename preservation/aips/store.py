"""Storing AIPs: bytes into the roots, read back against the sender's manifest, and only then rows.

"Stored" means: copies in the configured number of failure domains were read back past every cache and matched. Roots
beyond that number that are away are owed a copy.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.sandbox import SandboxFailure
from archive_service.work import Archive, Work
from preservation.aips.build import SUBMISSION, Intake, derived, describe, text_path_of, write_text
from preservation.aips.catalogue import Description, enter, object_id
from preservation.ask_text import ask_text
from preservation.bagit.check import check_bag
from preservation.indexing import owe_index
from preservation.models import Copy, CopyState, Dossier, FileObject
from preservation.ocfl.inventory import User
from preservation.ocfl.plan import Changes, NewFile, VersionPlan, file_of, plan_version
from preservation.ocfl.store import (
    ObjectDamaged,
    OtherVersionThere,
    erase_object,
    write_version,
)
from preservation.roots.markers import failure_domains, writable_root
from preservation.roots.retired import serving
from preservation.verify import CopyFault, faults_against

log = logging.getLogger(__name__)
US = User("vn-archive", "urn:vn-archive:software")


class NotAsAccepted(Exception):
    """The staged package no longer is what was judged: our staging area failed us. Nothing was stored."""


class NotProven(Exception):
    """A copy that was just written does not read back as it must; it was removed and will be written again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the roots now, proven; the caller's Work makes it known by `enter_aip`."""

    description: Description
    version: int
    inventory_digest: str
    proven: tuple[str, ...]
    owed: tuple[str, ...]


def store_aip(archive: Archive, intake: Intake, bag: Path, scratch: Path) -> Stored:
    """Builds the AIP from the unpacked bag, writes it to the roots and proves the copies. Repeatable after any crash.

    Raises `NotAsAccepted`, `NotProven`, `TryLater` (fewer copies than required could be made).
    """
    senders = senders_digests(intake, bag)
    texts = _extract(archive, intake, bag, scratch)
    description = describe(intake, archive.rules, {path: text_path_of(path) for path in texts})
    plan = plan_version(
        object_id(intake.dossier_id),
        None,
        Changes(_contents(intake, bag, texts, description, scratch)),
        message="Tiếp nhận hồ sơ",
        user=US,
        created=intake.accepted_at,
    )
    proven, owed = write_everywhere(archive, plan, senders)
    return Stored(description, plan.number, hashlib.sha512(plan.data).hexdigest(), proven, owed)


def senders_digests(intake: Intake, bag: Path) -> dict[str, str]:
    """Logical path → SHA-256, after every byte was compared with the sender's manifests once more.

    The judgement may be weeks old; a bit may have flipped in staging since. Both digests are compared: from here on the
    bytes are held against the faster one, and the inventory names them by the other.
    """
    report = check_bag(bag)
    expected = {each.path: (each.sha256, each.sha512) for each in intake.files}
    learned = {
        path: (each.digests["sha256"], each.digests["sha512"]) for path, each in report.learned.items()
    }
    wrong = [f"{f.path or f.code}: {f.code}" for f in report.findings if f.code.startswith("bag-digest")]
    if learned != expected or wrong:
        changed = sorted(p for p in learned.keys() | expected.keys() if learned.get(p) != expected.get(p))
        raise NotAsAccepted("; ".join((wrong or changed)[:5]))
    return {SUBMISSION + path: digest for path, (digest, _) in learned.items()}


def _extract(archive: Archive, intake: Intake, bag: Path, scratch: Path) -> dict[str, Path]:
    """Path in the bag → file of its extracted text. A file that cannot be read has none; it is kept all the same."""
    found = {}
    for each in intake.files:
        if not each.path.startswith("data/"):
            continue
        try:
            pages = ask_text(archive.sandbox, bag / each.path, each.puid)
        except SandboxFailure as error:
            log.warning("no text from %s of %s: %s", each.path, intake.dossier_id, error)
            continue
        if any(page.strip() for page in pages):
            found[each.path] = write_text(scratch / "text", each.path, pages)
    return found


def _contents(
    intake: Intake, bag: Path, texts: Mapping[str, Path], description: Description, scratch: Path
) -> dict[str, NewFile]:
    files = {
        SUBMISSION + each.path: NewFile(bag / each.path, {"sha512": each.sha512, "sha256": each.sha256})
        for each in intake.files
    }
    files |= {text_path_of(path): file_of(source) for path, source in texts.items()}
    for path, data in derived(description):  # into files: of 8,000 documents they are 18 MB
        target = scratch / Path(path).name
        target.write_bytes(data)
        files[path] = file_of(target)
    return files


def write_everywhere(
    archive: Archive, plan: VersionPlan, senders: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Writes the planned version to every root that answers and reads each back: (proven roots, owed roots).

    Raises `TryLater` unless the proven copies lie in the required number of failure domains.
    """
    roots = [root.id for root in serving(archive)]
    faults = {root: _trouble(writable_root, archive, root) for root in roots}
    ready = [root for root in roots if faults[root] is None]

    def one(root: str, context: Context) -> TryLater | None:
        return context.run(_trouble, _write_proven, archive, archive.stores[root], plan, senders)

    # Side by side: while one disk writes, another is read back. In this job's context, else its lease is not compared.
    with ThreadPoolExecutor(max(1, len(ready))) as pool:
        faults |= zip(ready, pool.map(one, ready, [copy_context() for _ in ready]), strict=True)
    for root in ready:  # else a disk that vanished since left its copy on the mount point
        faults[root] = faults[root] or _trouble(writable_root, archive, root)
    proven = tuple(root for root, fault in faults.items() if fault is None)
    owed = tuple(root for root in roots if root not in proven)
    if len(failure_domains(archive, set(proven))) < archive.settings.required_copies:
        reasons = [f"{root}: {fault.en}" for root, fault in faults.items() if fault is not None]
        raise TryLater(
            f"Chưa đủ {archive.settings.required_copies} bản ở các nơi đặt khác nhau; kho tự thử lại.",
            f"Fewer than {archive.settings.required_copies} copies could be proven: {'; '.join(reasons)}",
            name="copies-missing",
        )
    return proven, owed


def _trouble(act: Callable[..., object], *given: object) -> TryLater | None:
    try:
        act(*given)
    except TryLater as error:
        return error
    return None


def _write_proven(
    archive: Archive, store: ObjectStore, plan: VersionPlan, senders: Mapping[str, str]
) -> None:
    try:
        write_version(store, plan)
    except ObjectDamaged as error:
        if plan.number > 1:
            raise TryLater(str(error), str(error), name="copy-damaged") from error
        _clear_unproven(archive, store, plan)
        write_version(store, plan)
    except OtherVersionThere:
        if plan.number > 1:
            raise
        # An interrupted try planned it otherwise: by older software, or a text that could not be read then.
        _clear_unproven(archive, store, plan)
        write_version(store, plan)
    # By the inventory that was planned, whose bytes are read back too: each root would hold a parsed one of its own.
    fault: CopyFault | None = next(faults_against(store, plan.inventory, senders), None)
    if fault is not None:
        if plan.number == 1:
            _clear_unproven(archive, store, plan)
        raise NotProven(f"{store.describe()}: {fault.kind} {fault.path} {fault.found} {fault.expected}")


def _clear_unproven(archive: Archive, store: ObjectStore, plan: VersionPlan) -> None:
    """Removes a first version that no catalogue knows. Raises `LeaseLost` when another worker has the job by now."""
    with archive.work(THE_ARCHIVE) as work:
        known = select(Dossier.id).where(Dossier.object_id == plan.object_id)
        if work.session.scalars(known).first() is not None:
            raise NotProven(f"{plan.object_id} is in the catalogue: nothing of it is removed")
    erase_object(store, plan.object_id)


def enter_aip(work: Work, stored: Stored) -> Dossier:
    """The rows: dossier, documents, files, signatures, copies; queues the index and the copies owed."""
    dossier = enter(work, stored.description, stored.version, stored.inventory_digest)
    enter_copies(work, dossier, stored)
    owe_index(work, dossier)
    return dossier


def enter_copies(work: Work, dossier: Dossier, stored: Stored) -> None:
    now = work.now()
    following = now + timedelta(days=work.settings.fixity_days)
    for root_id in (*stored.proven, *stored.owed):
        row = work.session.get(Copy, (dossier.id, root_id))
        if row is None:
            row = Copy(dossier_id=dossier.id, root_id=root_id, next_check=following)
            work.session.add(row)
        if root_id in stored.proven:
            row.state, row.version = CopyState.verified, stored.version
            row.verified_at, row.next_check = now, following
            row.next_quick = now + timedelta(days=work.settings.quick_days)
        else:
            row.state, row.next_check = CopyState.owed, now
            if root_id not in _offline(work):
                work.later("make_copy", dossier.id, root_id)
    work.record(
        Verb.copy_made,
        dossier,
        version=stored.version,
        roots=list(stored.proven),
        owed=list(stored.owed),
        inventory=stored.inventory_digest,
    )


def _offline(work: Work) -> set[str]:
    """Offline sets are brought up to date when a person connects them, not by jobs that try for months."""
    return {root.id for root in work.settings.storage if root.role == "offline"}


def senders_of(work: Work, dossier_id: UUID) -> dict[str, str]:
    """Logical path → SHA-256 as the catalogue keeps it from the sender's manifest."""
    rows = work.session.execute(
        select(FileObject.path, FileObject.sha256).where(FileObject.dossier_id == dossier_id)
    )
    return {row.path: row.sha256 for row in rows}


def copies_of(work: Work, dossier_id: UUID) -> Sequence[Copy]:
    return work.session.scalars(
        select(Copy).where(Copy.dossier_id == dossier_id).order_by(Copy.root_id)
    ).all()


def stores_of(archive: Archive, dossier_id: UUID) -> list[ObjectStore]:
    """Those that have the newest version, verified ones first; one that is owed its copy has nothing to give."""
    with archive.look(THE_ARCHIVE) as work:
        rows = copies_of(work, dossier_id)
    there = (row for row in rows if row.state is not CopyState.owed)
    good = sorted(there, key=lambda row: row.state is not CopyState.verified)
    return [archive.stores[row.root_id] for row in good if row.root_id in archive.stores]
