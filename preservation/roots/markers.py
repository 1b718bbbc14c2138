"""Storage roots and their markers. A root without our marker is never written to: it may be an empty mount.

The marker (`archive-root.json`, beside the OCFL tree) names the archive and the root and carries the epoch and the newest
anchors of the audit log. Another archive's marker, or one from a later epoch than the database knows, stops the start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.log import Anchor, sign_head
from archive_service.kernel.objects import AlreadyThere, ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.settings import Root
from archive_service.kernel.state import ArchiveState, archive_state
from archive_service.work import Archive, Work
from preservation.models import StorageRoot
from preservation.ocfl.layout import ROOT_FILES
from preservation.ocfl.store import init_root
from preservation.roots.canaries import canaries_laid, lay_canaries
from preservation.roots.encrypted_roots import DECLARATION as ENCRYPTION
from preservation.roots.encrypted_roots import declare_encryption, require_same_encryption
from preservation.roots.retired import refuse_retired, serving

MARKER = "archive-root.json"
KEPT_ANCHORS = 2_000
"""Hourly anchors of about twelve weeks; older ones stay in the log's system objects."""


@dataclass(frozen=True, slots=True)
class Marker:
    archive_id: str
    root_id: str
    marker_id: str
    created_at: str
    epoch: int = 0
    anchors: tuple[dict[str, Any], ...] = ()
    encrypted: bool = False
    retired_at: str = ""
    """When it was taken out of service for good; nothing is written there any more."""

    def log_anchors(self) -> list[Anchor]:
        return [Anchor(**each) for each in self.anchors]


class MarkerBroken(StoreAway):
    """Whose root it is cannot be told: nothing is written there until a person has looked."""

    name = "marker-broken"
    vi_fact, en_fact = (
        "Không đọc được dấu nhận biết của kho lưu trữ",
        "A storage root's marker cannot be read",
    )


def read_marker(store: ObjectStore) -> Marker | None:
    """The root's marker, None when there is none. Raises `StoreAway` and `MarkerBroken`."""
    try:
        with store.open(MARKER, fresh=True) as stream:
            found = json.loads(stream.read(4 << 20))
        return Marker(**{**found, "anchors": tuple(found["anchors"])})
    except ObjectMissing:
        return None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MarkerBroken(store.describe(), "its marker cannot be read") from error


def _claim(store: ObjectStore, marker: Marker) -> Marker:
    """Writes the first marker of a root, or returns that of whoever was faster: two archives may begin at once."""
    try:
        store.put(MARKER, _bytes_of(marker), if_absent=True)
    except AlreadyThere:
        return read_marker(store) or marker
    return marker


def write_marker(store: ObjectStore, marker: Marker) -> None:
    store.put(MARKER, _bytes_of(marker))


def _bytes_of(marker: Marker) -> bytes:
    return json.dumps(asdict(marker), indent=1, sort_keys=True).encode()


def prepare_roots(archive: Archive) -> None:
    """Makes each configured root that is not one yet: OCFL declarations, then the marker as the last thing.

    Raises `NotPossible` for a folder or bucket that already holds something of others.
    """
    with archive.look(THE_ARCHIVE) as work:
        state = archive_state(work.session)
    for root in archive.settings.storage:
        refuse_retired(archive, root.id)
        store = archive.stores[root.id]
        with archive.look(THE_ARCHIVE) as work:
            known = work.session.get(StorageRoot, root.id) is not None
        if known and (root.role == "offline" or not _answers(store)):
            continue  # in the safe, or an empty mount: making it anew would be another root under its name
        store.create()
        marker = read_marker(store)
        if marker is None:
            _refuse_foreign_files(store, root.id)
            init_root(store)
            declare_encryption(store, root)
            marker = Marker(
                str(state.archive_id),
                root.id,
                str(new_id()),
                state.created_at.isoformat(),
                encrypted=root.sealed,
            )
            marker = _claim(store, marker)
        _refuse_foreign(marker, root.id, state)
        refuse_retired(archive, root.id, marker.retired_at)
        require_same_encryption(marker.encrypted, root)
        if not canaries_laid(store):
            lay_canaries(store)
        with archive.work(THE_ARCHIVE) as work:
            _enter(work, root, marker)


def _answers(store: ObjectStore) -> bool:
    """Whether a root that was made before is there; raises `MarkerBroken`."""
    try:
        return read_marker(store) is not None
    except MarkerBroken:
        raise
    except StoreAway:
        return False


def _refuse_foreign_files(store: ObjectStore, root_id: str) -> None:
    # Our own declarations may lie there: a setup that was interrupted before its marker.
    foreign = next((info.key for info in store.list() if info.key not in (*ROOT_FILES, ENCRYPTION)), None)
    if foreign is not None:
        raise NotPossible(
            f"Kho {root_id} đã có dữ liệu lạ ({foreign}); không ghi gì vào đó.",
            f"Root {root_id} already holds something ({foreign}); nothing was written there.",
            name="foreign-files",
        )


def _refuse_foreign(marker: Marker, root_id: str, state: ArchiveState) -> None:
    if marker.archive_id != str(state.archive_id) or marker.root_id != root_id:
        raise NotPossible(
            f"Kho {root_id} thuộc về kho lưu trữ khác; không ghi gì vào đó.",
            f"Root {root_id} belongs to another archive or root; nothing was written there.",
            name="foreign-root",
        )
    if marker.epoch > state.epoch:
        raise NotPossible(
            f"Cơ sở dữ liệu cũ hơn kho {root_id} (kỳ {state.epoch} so với {marker.epoch}). "
            "Đề nghị phục hồi bản sao lưu mới nhất hoặc dựng lại từ kho lưu.",
            f"The database is older than root {root_id} (epoch {state.epoch}, marker {marker.epoch}). "
            "Restore the newest backup or rebuild from storage.",
            name="old-database",
        )


def _enter(work: Work, root: Root, marker: Marker) -> None:
    row = work.session.get(StorageRoot, root.id)
    if row is None:
        row = StorageRoot(
            id=root.id,
            marker_id=UUID(marker.marker_id),
            failure_domain=root.failure_domain,
            role=root.role,
            since=work.now(),
        )
        work.session.add(row)
    row.failure_domain, row.role = root.failure_domain, root.role


def root_trouble(archive: Archive, root_id: str) -> tuple[str, str]:
    """("online", "") or ("away" | "stopped", reason). Reads the marker past every cache; writes nothing."""
    with archive.look(THE_ARCHIVE) as work:
        row = work.session.get(StorageRoot, root_id)
        state = archive_state(work.session)
    try:
        marker = read_marker(archive.stores[root_id])
    except MarkerBroken as error:
        return "stopped", error.name
    except StoreAway as error:
        return "away", error.name
    if marker is None:
        return "stopped", "marker-missing"
    if row is None or marker.marker_id != str(row.marker_id) or marker.archive_id != str(state.archive_id):
        return "stopped", "foreign-marker"
    return ("stopped", "root-retired") if marker.retired_at else ("online", "")


def check_roots(archive: Archive) -> dict[str, tuple[str, str]]:
    """The state of every root now; pages read what this noted. A change of state carries its time."""
    found = {root.id: _expected(root, root_trouble(archive, root.id)) for root in serving(archive)}
    with archive.work(THE_ARCHIVE) as work:
        for root_id, (state, reason) in found.items():
            row = work.session.get(StorageRoot, root_id)
            if row is not None and (row.state, row.reason) != (state, reason):
                if state == "online":  # whoever brought it back may have brought another server
                    work.owe("probe_roots")
                row.state, row.reason, row.since = state, reason, work.now()
    return found


def _expected(root: Root, found: tuple[str, str]) -> tuple[str, str]:
    """An offline set that is not connected is where it should be: no trouble."""
    state, reason = found
    in_the_safe = root.role == "offline" and (state == "away" or reason == "marker-missing")
    return ("offline", "offline") if in_the_safe else found


def require_roots(archive: Archive) -> None:
    """At start, before any write: refuses another archive's root and a database older than its storage."""
    with archive.look(THE_ARCHIVE) as work:
        state = archive_state(work.session)
    for root in archive.settings.storage:
        refuse_retired(archive, root.id)
        try:
            marker = read_marker(archive.stores[root.id])
            if marker is not None:
                _refuse_foreign(marker, root.id, state)
                refuse_retired(archive, root.id, marker.retired_at)
                require_same_encryption(marker.encrypted, root)
        except StoreAway:
            continue


def writable_root(archive: Archive, root_id: str) -> ObjectStore:
    """The root's store, once its marker was read. Raises `TryLater` for an away or empty mount."""
    state, reason = root_trouble(archive, root_id)
    if state != "online":
        raise TryLater(
            f"Kho {root_id} đang không dùng được ({reason}).",
            f"Root {root_id} cannot be used ({reason}).",
            name="root-away",
        )
    return archive.stores[root_id]


def anchor_log(archive: Archive) -> Anchor:
    """Writes the signed head of the log into every root's marker and raises the epoch. Hourly, and after destruction."""
    with archive.work(THE_ARCHIVE) as work:
        state = archive_state(work.session)
        state.epoch += 1
        epoch, anchor = state.epoch, sign_head(work.session, archive.keys.log)
    _each_marker(archive, lambda marker: _anchored(marker, epoch, anchor))
    return anchor


def _anchored(marker: Marker, epoch: int, anchor: Anchor) -> Marker:
    known = (*marker.anchors[-KEPT_ANCHORS:], asdict(anchor))
    return replace(marker, epoch=epoch, anchors=known)


def _each_marker(archive: Archive, change: Callable[[Marker], Marker]) -> None:
    """A root that is full or falls away does not keep the others from theirs; the first fault is raised at the end."""
    faults = []
    for root in archive.settings.storage:
        if root_trouble(archive, root.id)[0] == "online":
            store = archive.stores[root.id]
            try:
                marker = read_marker(store)
                if marker is not None:
                    write_marker(store, change(marker))
            except StoreAway as error:
                faults.append(error)
    if faults:
        raise faults[0]


def anchors_outside(archive: Archive) -> list[Anchor]:
    """Every anchor that the markers hold: what the log is verified against."""
    found: dict[tuple[int, str], Anchor] = {}
    for root in archive.settings.storage:
        try:
            marker = read_marker(archive.stores[root.id])
        except StoreAway:
            continue
        for anchor in marker.log_anchors() if marker else ():
            found[(anchor.number, anchor.digest)] = anchor
    return list(found.values())


def failure_domains(archive: Archive, root_ids: set[str]) -> set[str]:
    return {root.failure_domain for root in archive.settings.storage if root.id in root_ids}
