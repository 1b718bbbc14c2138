"""Drawn pages, kept outside the AIPs and gone with their dossier."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from uuid import UUID

from archive_service.work import Archive


def cache_of(archive: Archive, dossier_id: UUID) -> Path:
    return archive.settings.data / "cache" / str(dossier_id)


def put(archive: Archive, dossier_id: UUID, name: str, data: bytes) -> None:
    """Whole or not at all; two requests for the same page do not meet half a picture."""
    folder = cache_of(archive, dossier_id)
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(temporary).replace(folder / name)


def get(archive: Archive, dossier_id: UUID, name: str) -> bytes | None:
    try:
        return (cache_of(archive, dossier_id) / name).read_bytes()
    except FileNotFoundError:
        return None


def forget(archive: Archive, dossier_id: UUID) -> None:
    shutil.rmtree(cache_of(archive, dossier_id), ignore_errors=True)
