"""The one way to delete. A dossier's bytes leave every copy, the index, the database and the caches; each place reports.

Rows first, bytes second: from the first commit on, nobody can find or read the dossier, whatever happens to us next. It
is repeated until every receipt says gone. Who may ask, and on what ground, is decided above; there is no other caller.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select, text

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Missing, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.scratch import SCRATCH, sweep
from archive_service.work import Archive, Work
from preservation.aips.catalogue import clear
from preservation.aips.repair import evidence_of
from preservation.aips.submissions import TABLES, forget_submissions
from preservation.copies import holding
from preservation.incidents.register import forget_in_incidents
from preservation.indexing import hide
from preservation.models import Amendment, Copy, Dossier, DossierState, ErasureReceipt
from preservation.ocfl.layout import object_path
from preservation.ocfl.store import erase_object
from preservation.pages_cache import cache_of
from preservation.roots.markers import writable_root
from preservation.roots.retired import media_left, media_that_may_hold
from preservation.watch_models import RetiredRoot

COPY, INDEX, DATABASE, STAGING, CACHE, KEY = "copy:", "index", "database", "staging", "cache", "key"
Detail = dict[str, Any]
PATIENCE_SECONDS = 5.0


def _nothing_against(work: Work) -> None:
    pass


def erase(
    archive: Archive,
    dossier_id: UUID,
    *,
    ground: str,
    entry_id: UUID | None,
    before_copy: Callable[[Work], None] = _nothing_against,
) -> bool:
    """Erases what is left of the dossier; True when every receipt says gone. Retry as often as needed.

    A place that is away stays owed; an exception other than that is our fault and goes up. `before_copy` is asked
    before each copy and raises `TryLater` to leave it where it is.
    """
    with archive.work(THE_ARCHIVE) as work:
        dossier = vanish(work, dossier_id, ground=ground, entry_id=entry_id)
    for receipt in _owed(archive, dossier_id):
        try:
            if receipt.place.startswith(COPY) or receipt.place == KEY:
                with archive.look(THE_ARCHIVE) as work:
                    before_copy(work)
            detail = _eraser(receipt.place)(archive, dossier, receipt.place)
        except TryLater as error:
            _note(archive, receipt, {"owed_because": error.en})
            continue
        _gone(archive, dossier, receipt, detail)
    return not _owed(archive, dossier_id)


def vanish(work: Work, dossier_id: UUID, *, ground: str, entry_id: UUID | None) -> Dossier:
    """The first half, for the very transaction that found nothing against it: no byte goes before it commits.

    The dossier becomes its tombstone; every place that may hold something of it owes a receipt.
    """
    # The row's lock: an amendment that is just being proposed would else write into the tombstone.
    dossier = work.session.get(Dossier, dossier_id, with_for_update=True, populate_existing=True)
    if dossier is None:
        raise Missing
    if dossier.state is DossierState.destroyed:
        return dossier
    roots = work.session.scalars(select(Copy.root_id).where(Copy.dossier_id == dossier_id)).all()
    sip = str(dossier.submission.get("sip_id", ""))
    retired = [each.id for each in media_that_may_hold(work, dossier)]
    places = [*(COPY + root for root in {*roots, *retired}), INDEX, DATABASE, STAGING, CACHE]
    places += [KEY] if _sealed_anywhere(work) else []
    work.session.add_all(
        ErasureReceipt(dossier_id=dossier_id, place=place, entry_id=entry_id) for place in places
    )
    clear(work, dossier_id)
    hide(work, dossier)
    forget_submissions(work, dossier)
    work.session.execute(delete(Amendment).where(Amendment.dossier_id == dossier_id))
    forget_in_incidents(work, dossier_id)
    dossier.state, dossier.destroyed_at = DossierState.destroyed, work.now()
    dossier.tombstone = {
        "ground": ground,
        "entry": str(entry_id) if entry_id else None,
        "inventory_sha512": dossier.inventory_digest,
        "sip": sip,
    }
    dossier.tags, dossier.submission = {}, {"sip_id": sip}
    dossier.revision += 1
    work.owe("write_system_objects")
    work.session.flush()
    return dossier


def _sealed_anywhere(work: Work) -> bool:
    """Also on the medium of a retired root: there the key is all that can be destroyed from here."""
    return any(r.sealed for r in work.settings.storage) or any(r.encrypted for r in media_left(work))


def erase_again(archive: Archive, dossier: Dossier, root_ids: Iterable[str]) -> None:
    """What somebody wrote while the dossier was destroyed, in roots that had reported themselves gone already.

    A root that still owes its receipt is erased in its turn, or kept by a hold.
    """
    owed = {receipt.place for receipt in _owed(archive, dossier.id)}
    for root_id in root_ids:
        if COPY + root_id not in owed:
            writable_root(archive, root_id)
            store = archive.eraser(root_id)
            erase_object(store, dossier.object_id)
            store.purge(evidence_of(dossier.id))


def _owed(archive: Archive, dossier_id: UUID) -> list[ErasureReceipt]:
    """What is still owed; the database last, so that its vacuum also covers what the others removed from it."""
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(
            select(ErasureReceipt).where(
                ErasureReceipt.dossier_id == dossier_id, ErasureReceipt.gone_at.is_(None)
            )
        ).all()
    return sorted(rows, key=lambda row: (row.place == DATABASE, row.place))


def _eraser(place: str) -> Callable[[Archive, Dossier, str], Detail]:
    return _copy if place.startswith(COPY) else PLACES[place]


def _copy(archive: Archive, dossier: Dossier, place: str) -> Detail:
    """The OCFL object with all versions, and what was kept of a damaged copy; raises while anything is left."""
    root_id = place.removeprefix(COPY)
    with archive.look(THE_ARCHIVE) as work:
        retired = work.session.get(RetiredRoot, root_id)
    if retired is not None:
        return _on_retired_medium(archive, dossier, retired)
    with _idle(archive, dossier, root_id):
        return _remove(archive, dossier, root_id)


def _remove(archive: Archive, dossier: Dossier, root_id: str) -> Detail:
    writable_root(archive, root_id)
    store = archive.eraser(root_id)
    detail: Detail = {}
    if _locks(
        archive, root_id
    ):  # what is released is told before it goes; a second try tells what is left of it
        lock = store.locked(object_path(dossier.object_id))
        detail = {"released": lock.count, "locked_until": lock.until.isoformat() if lock.until else None}
    removed = erase_object(store, dossier.object_id) + store.purge(evidence_of(dossier.id))
    return {"removed": removed, "store": store.describe(), **detail}


def _on_retired_medium(archive: Archive, dossier: Dossier, root: RetiredRoot) -> Detail:
    """Nothing is deleted there any more: sealed bytes go with their key, plain ones with the medium."""
    if root.destroyed_on is not None:
        return {"medium_destroyed": root.destroyed_on.isoformat(), "by": root.destroyed_by}
    if root.encrypted:
        return {"how": "key destroyed", **_key(archive, dossier, KEY)}
    raise TryLater(
        f"Phương tiện của kho {root.id} đã ngừng sử dụng, còn giữ bản rõ: tiêu hủy phương tiện rồi ghi nhận.",
        f"The medium of the retired root {root.id} still holds a readable copy: destroy the medium and note it.",
        name="medium-not-destroyed",
    )


def _locks(archive: Archive, root_id: str) -> bool:
    return any(r.id == root_id and r.object_lock != "none" for r in archive.settings.storage)


def _idle(archive: Archive, dossier: Dossier, root_id: str) -> AbstractContextManager[None]:
    """Whoever began to write this copy before the dossier vanished could finish after its receipt: wait for it."""
    with archive.look(THE_ARCHIVE) as work:
        known = work.session.get(Copy, (dossier.id, root_id)) is not None
    # A rebuild knows the receipt and no copy; then nobody can hold it either.
    return holding(archive, dossier.id, root_id) if known else nullcontext()


def _index(archive: Archive, dossier: Dossier, _: str) -> Detail:
    receipt = archive.index.erase([str(dossier.id)])
    return {"removed": receipt.removed, "index": receipt.index}


def _staging(archive: Archive, dossier: Dossier, _: str) -> Detail:
    sip_id = dossier.submission.get("sip_id")
    return {"removed": archive.staging.purge(f"sips/{sip_id}") if sip_id else 0}


def _key(archive: Archive, dossier: Dossier, _: str) -> Detail:
    """What no longer can be removed, under a lock or on a disk in a safe, can no longer be read either."""
    removed = archive.keystore.destroy(dossier.object_id, ground=str(dossier.tombstone.get("ground")))
    return {"removed": removed}


def _cache(archive: Archive, dossier: Dossier, _: str) -> Detail:
    sweep(archive.settings.data / SCRATCH)  # what a killed job unpacked may be of this dossier
    shutil.rmtree(cache_of(archive, dossier.id), ignore_errors=True)
    return {"removed": not cache_of(archive, dossier.id).exists()}


def _database(archive: Archive, dossier: Dossier, _: str) -> Detail:
    """The rows are gone since the first commit; now also from free pages and the write-ahead log of this server.

    Backups and archived WAL are not reached from here: the certificate says so.
    """
    engine = archive.engine.execution_options(isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        with archive.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            if raw is None:
                raise RuntimeError("no connection")
            busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise TryLater("Cơ sở dữ liệu đang bận.", "The database is busy.", name="database-busy")
        return {"how": "secure_delete, wal_checkpoint(TRUNCATE)"}
    with engine.connect() as connection:
        _await_older_readers(connection)
        for table in ("document", "file_object", "signature", "dossier", "incident", "amendment", *TABLES):
            connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) {table}"))
    return {"how": "VACUUM"}


def _await_older_readers(connection: Connection) -> None:
    """VACUUM leaves what an open snapshot may still see, and says nothing: such as a dump that began before us."""
    mark = connection.execute(text("SELECT pg_current_xact_id()::xid::text")).scalar_one()
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        " AND backend_xmin IS NOT NULL AND age(backend_xmin) > age(CAST(CAST(:mark AS text) AS xid))"
    )
    end = time.monotonic() + PATIENCE_SECONDS
    while connection.execute(older, {"mark": mark}).scalar_one():
        if time.monotonic() > end:
            raise TryLater(
                "Cơ sở dữ liệu còn giao dịch mở từ trước.",
                "A transaction that began before is still open in the database.",
                name="database-busy",
            )
        time.sleep(0.1)


PLACES: dict[str, Callable[[Archive, Dossier, str], Detail]] = {
    INDEX: _index,
    DATABASE: _database,
    STAGING: _staging,
    CACHE: _cache,
    KEY: _key,
}


def _note(archive: Archive, receipt: ErasureReceipt, detail: Detail) -> None:
    with archive.work(THE_ARCHIVE) as work:
        work.get(ErasureReceipt, (receipt.dossier_id, receipt.place)).detail = detail


def _gone(archive: Archive, dossier: Dossier, receipt: ErasureReceipt, detail: Detail) -> None:
    with archive.work(THE_ARCHIVE) as work:
        row: ErasureReceipt = work.get(ErasureReceipt, (receipt.dossier_id, receipt.place))
        row.gone_at, row.detail = work.now(), detail
        if receipt.place.startswith(COPY):
            own = (Copy.dossier_id == dossier.id, Copy.root_id == receipt.place.removeprefix(COPY))
            work.session.execute(delete(Copy).where(*own))
        work.record(Verb.copy_erased, dossier, place=receipt.place, **detail)
        if not _still(work, dossier.id):
            work.record(Verb.dossier_destroyed, dossier, ground=dossier.tombstone.get("ground"))
            work.owe("write_system_objects")


def _still(work: Work, dossier_id: UUID) -> bool:
    work.session.flush()
    owed = select(ErasureReceipt.place).where(
        ErasureReceipt.dossier_id == dossier_id, ErasureReceipt.gone_at.is_(None)
    )
    return work.session.scalars(owed.limit(1)).first() is not None
