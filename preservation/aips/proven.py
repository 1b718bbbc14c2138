"""Bytes out of the copies for readers, indexes and exports: only such as match their digest, from whichever copy has them.

A copy that gives other bytes is passed over, and the audit is told to read it next.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

from sqlalchemy import update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.digests import Digester, chunks, digest_stream
from archive_service.kernel.errors import Missing, TryLater
from archive_service.kernel.objects import ObjectMissing, ObjectStore, StoreAway
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.work import Archive
from preservation.aips.catalogue import DESCRIPTION, Description
from preservation.aips.store import copies_of, stores_of
from preservation.models import Copy, Dossier, FileObject
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.store import ObjectDamaged, open_file, read_inventory

log = logging.getLogger(__name__)
T = TypeVar("T")


class NoGoodCopy(TryLater):
    """`damaged`: every copy answered, and none has the bytes; else a root is away."""

    name = "copies-away"

    def __init__(self, damaged: bool) -> None:
        super().__init__(
            "Chưa đọc được tệp từ kho lưu. Hồ sơ vẫn an toàn; đề nghị thử lại sau.",
            "No good copy can be read right now. Try again later.",
        )
        self.damaged = damaged


@contextmanager
def proven_stream(archive: Archive, dossier: Dossier, file: FileObject) -> Iterator[BinaryIO]:
    """The sender's very bytes: read through once and compared, then opened anew, so that no room is needed for them.

    Raises `NoGoodCopy`, `Missing` (no copy is known).
    """

    def compared(store: ObjectStore, inventory: Inventory) -> tuple[ObjectStore, Inventory] | None:
        with open_file(store, inventory, file.path) as stream:
            found = digest_stream(stream, "sha256").hex("sha256")
        return (store, inventory) if found == file.sha256 else None

    store, inventory = _first_good(archive, dossier, compared)
    with open_file(store, inventory, file.path) as stream:
        yield stream


@contextmanager
def fetched(archive: Archive, dossier: Dossier, file: FileObject) -> Iterator[Path]:
    """The file on local disk, as the sender gave it. Raises as `proven_stream`; logs nothing."""
    with scratch(archive.settings.data / SCRATCH) as folder:
        # Parsers may go by the ending of a name, never by the name itself.
        target = Path(folder, "file" + PurePosixPath(file.path).suffix.lower())

        def copied(store: ObjectStore, inventory: Inventory) -> Path | None:
            with open_file(store, inventory, file.path) as stream:
                return target if _copy(stream, target) == file.sha256 else None

        yield _first_good(archive, dossier, copied)


def proven_bytes(archive: Archive, dossier: Dossier, logical_path: str) -> bytes:
    """All bytes of what we made ourselves (description, PREMIS, text), against the inventory. Raises as `proven_stream`."""

    def matched(store: ObjectStore, inventory: Inventory) -> bytes | None:
        with open_file(store, inventory, logical_path) as stream:
            data = stream.read()
        return data if hashlib.sha512(data).hexdigest() == inventory.files()[logical_path] else None

    return _first_good(archive, dossier, matched)


def read_description(archive: Archive, dossier: Dossier) -> Description:
    found: Description = json.loads(proven_bytes(archive, dossier, DESCRIPTION))
    return found


def _first_good(
    archive: Archive, dossier: Dossier, attempt: Callable[[ObjectStore, Inventory], T | None]
) -> T:
    """What the first copy gives that has the right bytes, proven copies first."""
    damaged = True
    for store in stores_of(archive, dossier.id):
        try:
            found = attempt(store, read_inventory(store, dossier.object_id))
        except StoreAway as error:
            log.warning("a copy of %s does not answer: %s", dossier.id, error)
            damaged, found = False, None
        except (ObjectMissing, ObjectDamaged):
            found = None
        if found is not None:
            return found
        _suspect(archive, dossier, store)
    with archive.look(THE_ARCHIVE) as work:
        if not copies_of(work, dossier.id):
            raise Missing
    raise NoGoodCopy(damaged)


def _suspect(archive: Archive, dossier: Dossier, store: ObjectStore) -> None:
    """The audit says what is wrong with it; a reader only sees that something is."""
    (root_id,) = (name for name, each in archive.stores.items() if each is store)
    log.warning("the copy of %s in %s was passed over", dossier.id, root_id)
    with archive.work(THE_ARCHIVE) as work:
        own = update(Copy).where(Copy.dossier_id == dossier.id, Copy.root_id == root_id)
        work.session.execute(own.where(Copy.next_check > work.now()).values(next_check=work.now()))


def _copy(stream: BinaryIO, target: Path) -> str:
    digester = Digester("sha256")
    with target.open("wb") as out:
        for block in chunks(stream):
            digester.update(block)
            out.write(block)
    return digester.hex("sha256")
