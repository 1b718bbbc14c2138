"""An encrypted offline set opened by its escrowed keys: every file decrypted and held to its OCFL inventory. No archive.

Digests of the sealed bytes tell that a set is as it was sealed; a digest can be "corrected" with the bytes. What the
dossiers' keys authenticate cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyrage import x25519

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.escrowed import EscrowedKeys
from archive_service.kernel.objects import StoreAway
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.folder import FolderStore
from preservation.ocfl.layout import object_path
from preservation.ocfl.store import object_ids
from preservation.ocfl.validate import check
from preservation.roots.encrypted_roots import DECLARATION


@dataclass(slots=True)
class OpenedSet:
    """`faults`: (kind, where), the kind an OCFL or archive code, or `no-key`. `destroyed`: objects whose key is gone."""

    objects: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)


def is_encrypted(folder: Path) -> bool:
    return (folder / DECLARATION).is_file()


def open_set(
    folder: Path,
    keys: Path,
    identities: Sequence[x25519.Identity],
    beat: Callable[[int], None] = lambda _: None,
) -> OpenedSet:
    """Reads every object whole. `beat` hears how many are done. Raises `NotPossible`: not encrypted, keys of no use."""
    if not is_encrypted(folder):
        raise NotPossible(
            f"{folder} không mã hóa: không cần khóa.", f"{folder} is not encrypted: no keys are needed.",
            name="not-encrypted",
        )  # fmt: skip
    source = EscrowedKeys(keys, identities)
    store, found = EncryptedStore(FolderStore(folder), source), OpenedSet()
    for object_id in object_ids(store):
        if object_id in source.destroyed:
            found.destroyed.append(object_id)
        elif source.find(object_id) is None:
            found.faults.append(("no-key", object_path(object_id)))
        else:
            found.faults += _faults(store, object_id)
        found.objects += 1
        beat(found.objects)
    return found


def _faults(store: EncryptedStore, object_id: str) -> Iterator[tuple[str, str]]:
    try:
        for each in check(store, object_id):
            yield each.code, f"{each.path}: {each.message}"
    except StoreAway as error:  # its inventory does not open: nothing more can be told of it, the others can
        yield "A004", f"{object_path(object_id)}: {error.reason}"
