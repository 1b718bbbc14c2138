"""Receiving a container: streamed into staging, digested on the way, known by its bytes.

A cut connection leaves nothing behind: the store keeps a stream whole or not at all, and the row comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.db import new_id, storable
from archive_service.kernel.digests import Digester
from archive_service.kernel.errors import NotPossible, TooLarge
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.kernel.scratch import SCRATCH, sweep
from archive_service.work import Archive
from ingest.calendar import due_after, legal_receipt
from ingest.containers import GZIP, TAR, ZIP
from ingest.models import Sip, SipFinding, SipState

MEDIA_TYPES = (ZIP, TAR, GZIP)
STAGED = "sips/"
LONGEST_UPLOAD = timedelta(days=1)
OUTSIDE = ("agency-outside-scope", "identity-conflict")
"""Findings that say nothing against the package itself: a role is given later, the other submission is returned."""
ORPHANED_AFTER = timedelta(days=7)
"""Beside a database that was restored from a backup, staging may hold what came since: a week to look at it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`new` is False for a container that was known: the address is that of the last submission of it."""

    sip_id: UUID
    state: SipState
    new: bool


class Metered:
    """A stream that is digested and counted while it is read, and refused beyond the limit."""

    def __init__(self, stream: BinaryIO, most: int, *algorithms: str) -> None:
        self._stream, self._most = stream, most
        self.digester = Digester("sha256", *algorithms)

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.digester.update(block)
        refuse_large(self.digester.size, self._most)
        return block


def refuse_large(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(
            f"Gói lớn hơn giới hạn {most} byte của kho.",
            f"The package is larger than this archive's limit of {most} bytes.",
        )


def receive_sip(
    archive: Archive,
    actor: Actor,
    stream: BinaryIO,
    *,
    name: str,
    media_type: str,
    promised: Mapping[str, str] | None = None,
    length: int | None = None,
) -> Receipt:
    """Takes a container in. `promised`: algorithm (sha256, sha512) → hex digest from `Repr-Digest` (RFC 9530).

    `length`: the size as it was announced; one beyond the limit is refused before anything is read.

    Raises `Forbidden`, `NotPossible` (media type, promised digest, empty), `TooLarge`, `StoreAway`.
    """
    with archive.look(actor) as work:
        work.allow(Permission.submit)
    if media_type not in MEDIA_TYPES:
        raise NotPossible(
            f"Loại gói {media_type!r} không được nhận; cần {', '.join(MEDIA_TYPES)}.",
            f"Media type {media_type!r} is not taken; expected {', '.join(MEDIA_TYPES)}.",
            name="wrong-media-type",
        )
    refuse_large(length or 0, archive.settings.max_upload_bytes)
    promised = promised or {}
    metered = Metered(stream, archive.settings.max_upload_bytes, *promised)
    sip_id = new_id()
    key = f"{STAGED}{sip_id}"
    archive.staging.put(key, metered)  # type: ignore[arg-type]  # a reader is all that a store needs
    try:
        _compare(metered.digester, promised)
        receipt = _enter(archive, actor, sip_id, key, metered.digester, name, media_type)
    except BaseException:
        archive.staging.purge(key)
        raise
    if not receipt.new:
        archive.staging.purge(key)
    return receipt


def _compare(found: Digester, promised: Mapping[str, str]) -> None:
    if found.size == 0:
        raise NotPossible("Gói trống.", "The package is empty.", name="empty-container")
    for algorithm, digest in promised.items():
        if found.hex(algorithm) != digest.lower():
            raise NotPossible(
                f"Gói đến nơi không khớp {algorithm} đã báo: tính được {found.hex(algorithm)}. Đề nghị gửi lại.",
                f"The package did not arrive as promised: {algorithm} is {found.hex(algorithm)}. Send it again.",
                name="digest-mismatch",
            )


def _enter(
    archive: Archive, actor: Actor, sip_id: UUID, key: str, found: Digester, name: str, media_type: str
) -> Receipt:
    known = _known(archive, actor, found.hex("sha256"))
    if known is not None and not _may_be_tried_again(archive, known):
        return _resent(archive, actor, known)
    try:
        with archive.work(actor) as work:
            raw, clock = work.now(), archive.rules.office_hours
            legal = legal_receipt(raw, clock)
            sip = Sip(
                id=sip_id,
                submitted_by=actor.id,
                container_name=storable(name)[:300],
                media_type=media_type,
                container_size=found.size,
                container_sha256=found.hex("sha256"),
                staged_key=key,
                received_raw=raw,
                received_legal=legal,
                due_at=due_after(legal, archive.settings.decision_days, clock),
                previous_id=known.id if known else None,
                try_number=known.try_number + 1 if known else 1,
            )
            work.session.add(sip)
            work.session.flush()
            # Not its name: the log outlives a destruction, and names of containers name people.
            work.record(Verb.sip_received, sip, size=found.size, sha256=sip.container_sha256)
            work.later("process_sip", sip.id)
    except IntegrityError:
        # Another request with the same bytes was faster between our look and our insert.
        again = _known(archive, actor, found.hex("sha256"))
        if again is None:
            raise
        return _resent(archive, actor, again)
    return Receipt(sip_id, SipState.received, True)


def _known(archive: Archive, actor: Actor, sha256: str) -> Sip | None:
    """The newest submission of this account with the same bytes."""
    with archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(
            select(Sip)
            .where(Sip.container_sha256 == sha256, Sip.submitted_by == actor.id)
            .order_by(Sip.received_raw.desc())
        ).first()


def _may_be_tried_again(archive: Archive, known: Sip) -> bool:
    """After a return; and after a refusal of the archive's own for reasons that lay outside the package and may be over."""
    if known.state is not SipState.refused or known.decided_by is not None:
        return known.state is SipState.returned
    with archive.look(THE_ARCHIVE) as work:
        found = select(SipFinding).where(SipFinding.sip_id == known.id, SipFinding.code.in_(OUTSIDE))
        return work.session.scalars(found.limit(1)).first() is not None


def _resent(archive: Archive, actor: Actor, known: Sip) -> Receipt:
    with archive.work(actor) as work:
        work.record(Verb.sip_resent, known)
    return Receipt(known.id, known.state, False)


def erase_staged(archive: Archive, sip_id: str) -> None:
    """Removes an ended submission's container from staging and notes the receipt. Job; again is fine."""
    with archive.look(THE_ARCHIVE) as work:
        sip: Sip = work.get(Sip, UUID(sip_id))
    if not sip.staged_key:
        return
    removed = archive.staging.purge(sip.staged_key)
    with archive.work(THE_ARCHIVE) as work:
        work.get(Sip, sip.id).staged_key = ""
        work.record(Verb.sip_erased, sip, removed=removed, place="staging", sha256=sip.container_sha256)


def sweep_staging(archive: Archive) -> None:
    """Job: removes what cut-off uploads and killed processes left behind."""
    archive.staging.sweep(LONGEST_UPLOAD)
    sweep(archive.settings.data / SCRATCH)
    for info in archive.staging.list(STAGED.rstrip("/")):
        if _is_orphan(archive, info.key):
            removed = archive.staging.purge(info.key)
            with archive.work(THE_ARCHIVE) as work:
                sip_id = info.key.removeprefix(STAGED)
                work.record_of(Verb.sip_erased, "sip", sip_id, removed=removed, place="staging")


def _is_orphan(archive: Archive, key: str) -> bool:
    """A container that no submission names: its process died between the bytes and the row."""
    with suppress(ValueError):
        sip_id = UUID(key.removeprefix(STAGED))
        began = datetime.fromtimestamp((sip_id.int >> 80) / 1000, UTC)  # UUIDv7 begins with its time
        with archive.look(THE_ARCHIVE) as work:
            sip = work.session.get(Sip, sip_id)
        named = sip is not None and sip.staged_key == key
        return not named and archive.clock.now() - began > ORPHANED_AFTER
    return False
