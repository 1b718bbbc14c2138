"""A set restored in a scratch place and held against its own facts: what is not tried is no backup."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from archive_service.backup.cipher import Part, PartDamaged, check_part, unseal
from archive_service.backup.facts import Facts, faults_of
from archive_service.backup.make import DATABASE, FACTS
from archive_service.backup.media import Manifest, key_of
from archive_service.backup.servers import folder_database, restoring, scratch_database
from archive_service.kernel.db import open_engine
from archive_service.kernel.objects import ObjectStore
from archive_service.work import Archive


def check_bytes(store: ObjectStore, manifest: Manifest) -> list[str]:
    """Every part against its digest, without any key; the faults in words."""
    found = []
    for part in manifest.parts:
        try:
            check_part(store, key_of(manifest.set_id, part.name), part)
        except PartDamaged as error:
            found.append(str(error))
    return found


def require_part(manifest: Manifest, name: str) -> Part:
    part = manifest.part(name)
    if part is None:
        raise PartDamaged(f"{manifest.set_id}: no {name}")
    return part


def read_facts(store: ObjectStore, manifest: Manifest, identities: Sequence[Any]) -> Facts:
    """Raises `WrongKey`, `PartDamaged`."""
    out, part = io.BytesIO(), require_part(manifest, FACTS)
    unseal(store, key_of(manifest.set_id, FACTS), part, identities, out)
    return Facts(**json.loads(out.getvalue()))


def load_database(store: ObjectStore, manifest: Manifest, identities: Sequence[Any], target: str) -> None:
    """Decrypts the database into `target`: the URL of an empty PostgreSQL database, or of an SQLite file to be made."""
    part, key = require_part(manifest, DATABASE), key_of(manifest.set_id, DATABASE)
    if manifest.database == "postgresql":
        with restoring(target) as stream:
            unseal(store, key, part, identities, stream)
        return
    with Path(target.removeprefix("sqlite:///")).open("xb") as stream:
        unseal(store, key, part, identities, stream)


@contextmanager
def scratch_place(archive: Archive, kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database of that kind to try in, gone afterwards."""
    if kind == "sqlite":
        yield folder_database(folder)
        return
    with scratch_database(archive.settings.backup_scratch or archive.settings.database) as url:
        yield url


@contextmanager
def tried(
    archive: Archive, store: ObjectStore, manifest: Manifest, identities: Sequence[Any], folder: Path
) -> Iterator[tuple[Engine, Facts, list[str]]]:
    """The set restored in a scratch place: its engine, the facts it was made with, and every fault found."""
    facts = read_facts(store, manifest, identities)
    with scratch_place(archive, manifest.database, folder) as url:
        load_database(store, manifest, identities, url)
        engine = open_engine(url)
        try:
            yield engine, facts, faults_of(engine, facts, archive.keys.public)
        finally:
            engine.dispose()
            if manifest.database == "sqlite":
                for left in folder.glob("scratch.db*"):
                    left.unlink()
