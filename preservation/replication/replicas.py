"""Copies that are owed: made from a good copy, proven like the first ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectStore
from archive_service.work import Archive, Work
from preservation.aips.erase import erase_again
from preservation.aips.repair import evidence_of, repair_object
from preservation.aips.store import NotProven, senders_of, stores_of
from preservation.copies import holding
from preservation.models import Copy, CopyState, Dossier, DossierState, StorageRoot
from preservation.ocfl.copies import copy_object
from preservation.ocfl.store import ObjectDamaged, read_inventory
from preservation.roots.markers import writable_root
from preservation.roots.retired import serving
from preservation.verify import verify_copy
from preservation.watch_models import RetiredRoot


def make_copy(archive: Archive, dossier_id: str, root_id: str) -> None:
    """Job: brings one root to the dossier's newest version.

    Raises `TryLater` while the root or every source is away, others have the copy, or the dossier was amended meanwhile.
    """
    with archive.look(THE_ARCHIVE) as work:
        if work.session.get(Copy, (UUID(dossier_id), root_id)) is None:
            return
    with holding(archive, UUID(dossier_id), root_id):
        _make(archive, dossier_id, root_id)


def _make(archive: Archive, dossier_id: str, root_id: str) -> None:
    with archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get(Dossier, UUID(dossier_id))
        row = work.session.get(Copy, (UUID(dossier_id), root_id))
        senders = senders_of(work, UUID(dossier_id))
    if (
        dossier is None
        or row is None
        or dossier.state is DossierState.destroyed
        or row.state is not CopyState.owed
    ):
        return
    target = writable_root(archive, root_id)
    sources = [store for store in stores_of(archive, dossier.id) if store is not target]
    if not sources:
        raise TryLater(
            "Chưa có bản nào đọc được để sao.", "No copy can be read to copy from.", name="copies-away"
        )
    with suppress(ObjectDamaged):  # told and mended below
        copy_object(sources[0], target, dossier.object_id)
    if next(verify_copy(target, dossier.object_id, dossier.inventory_digest, senders), None) is not None:
        _mend(archive, dossier, sources[0], target, senders)
    writable_root(archive, root_id)  # else a disk that vanished since left its copy on the mount point
    with archive.work(THE_ARCHIVE) as work:
        # Its lock: an amendment that commits now must see this copy good, or this must see the new version.
        newest = work.session.get_one(Dossier, dossier.id, with_for_update=True)
        copy = work.session.get(Copy, (dossier.id, root_id), with_for_update=True)
        destroyed = newest.state is DossierState.destroyed
        if copy is not None and not destroyed:
            if newest.inventory_digest != dossier.inventory_digest:
                raise TryLater(
                    "Hồ sơ vừa được sửa: bản này còn thiếu phiên bản mới.",
                    "The dossier has just been amended: this copy still lacks the new version.",
                    name="copies-missing",
                )
            _made(work, newest, copy)
            return
    if destroyed:  # while we wrote: what came back must go again
        erase_again(archive, dossier, [root_id])


def _made(work: Work, dossier: Dossier, copy: Copy) -> None:
    now = work.now()
    copy.state, copy.version, copy.verified_at = CopyState.verified, dossier.version, now
    copy.next_check = now + timedelta(days=work.settings.fixity_days)
    copy.next_quick = now + timedelta(days=work.settings.quick_days)
    copy.locked_version = 0  # a copy that was lost and is made anew is locked anew
    work.record(Verb.copy_made, dossier, root=copy.root_id, version=dossier.version)


def _mend(
    archive: Archive, dossier: Dossier, source: ObjectStore, target: ObjectStore, senders: dict[str, str]
) -> None:
    """A copy that did not arrive as it was sent is never taken for done, and would never be written again by itself."""
    fault = next(verify_copy(source, dossier.object_id, dossier.inventory_digest, senders), None)
    if fault is not None:
        raise NotProven(f"{source.describe()}: {fault.kind} {fault.path}")
    kept = f"{evidence_of(dossier.id)}/{archive.clock.now():%Y%m%dT%H%M%S}"
    inventory = read_inventory(source, dossier.object_id)
    repair_object(inventory, lambda _: source, target, dossier.inventory_digest, senders, kept)


def copies_owed(archive: Archive) -> None:
    """Job: queues what each root lacks, a root that was added later included; bounded, the timetable comes again."""
    roots = serving(archive)
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        # Entered by who was still storing when the root was retired; destruction counts with its medium anyway.
        late = select(RetiredRoot.id)
        work.session.execute(delete(Copy).where(Copy.root_id.in_(late)))
        for root in roots:
            has = select(Copy.dossier_id).where(Copy.root_id == root.id)
            lacking = (
                select(Dossier.id)
                .where(Dossier.state != DossierState.destroyed, Dossier.id.not_in(has))
                .limit(archive.settings.run_objects)
            )
            for dossier_id in work.session.scalars(lacking).all():
                work.session.add(Copy(dossier_id=dossier_id, root_id=root.id, next_check=now))
            work.session.flush()
            known = work.session.get(StorageRoot, root.id)
            if root.role == "offline" and known is not None and known.state != "online":
                continue  # in its safe: `export-set` brings it up to date
            owed = select(Copy.dossier_id).where(Copy.root_id == root.id, Copy.state == CopyState.owed)
            for dossier_id in work.session.scalars(owed.limit(archive.settings.run_objects)).all():
                work.owe("make_copy", dossier_id, root.id)
