"""Reading what is kept. Every reading stands in the log before its first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import ArchiveError, Missing, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.sandbox import SandboxFailure
from archive_service.work import Archive
from preservation import pages_cache
from preservation.access import visible_file
from preservation.aips.proven import fetched, proven_bytes, proven_stream
from preservation.ask_pages import WIDTHS, ask_page
from preservation.models import Dossier, DossierState, FileObject

JPEG = b"\xff\xd8"


class NoPicture(ArchiveError):
    """The page cannot be drawn: a format without pages, or a file that no parser reads. It can still be downloaded."""

    status, name = 404, "no-picture"

    def __init__(self) -> None:
        super().__init__(
            "Không hiển thị được trang này; tệp gốc vẫn tải về được.",
            "This page cannot be shown; the file itself can be downloaded.",
        )


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """`name` is the file's own name, without folders. `stream` gives the sender's very bytes."""

    file: FileObject
    dossier: Dossier
    stream: BinaryIO

    @property
    def name(self) -> str:
        return PurePosixPath(self.file.path).name


@contextmanager
def open_file(archive: Archive, actor: Actor, file_id: UUID) -> Iterator[OpenedFile]:
    """The bytes of a file. Raises `Missing` (none, or no right) and `TryLater` (no copy is good)."""
    with archive.look(actor) as work:
        file, dossier = visible_file(work, file_id)
    with proven_stream(archive, dossier, file) as stream:
        with archive.work(actor) as work:
            file, dossier = visible_file(work, file_id)  # a right may have ended while the copy was opened
            work.record(Verb.file_downloaded, file, dossier=dossier.id, sha256=file.sha256)
        yield OpenedFile(file, dossier, stream)


def page_image(
    archive: Archive, actor: Actor, file_id: UUID, page: int, width: int, marks: Sequence[str] = ()
) -> tuple[bytes, str]:
    """Page `page` (from 1) as (picture, media type). `width`: one of `pages.WIDTHS`. Raises `Missing`, `NoPicture`.

    `marks`: words to mark, as the page writes them; a picture with marks is not kept.
    """
    if width not in WIDTHS:
        told = ", ".join(map(str, WIDTHS))
        raise NotPossible(f"width: một trong {told}.", f"width: expected one of {told}.", name="wrong-width")
    with archive.work(actor) as work:
        file, dossier = visible_file(work, file_id)
        work.record(Verb.page_read, file, dossier=dossier.id, page=page)
    name = f"{file.id}-{page}-{width}"
    picture = None if marks else pages_cache.get(archive, dossier.id, name)
    if picture is None:
        picture = _draw(archive, dossier, file, page, width, marks)
        if not marks:
            _remember(archive, dossier, name, picture)
    return picture, "image/jpeg" if picture.startswith(JPEG) else "image/png"


def _draw(
    archive: Archive, dossier: Dossier, file: FileObject, page: int, width: int, marks: Sequence[str]
) -> bytes:
    with fetched(archive, dossier, file) as path:
        try:
            return ask_page(archive.sandbox, path, file.puid, page, width, marks)
        except (IndexError, SandboxFailure) as error:
            raise NoPicture from error


def _remember(archive: Archive, dossier: Dossier, name: str, picture: bytes) -> None:
    pages_cache.put(archive, dossier.id, name, picture)
    with archive.look(THE_ARCHIVE) as work:
        row = work.session.get(Dossier, dossier.id)
    if row is None or row.state is DossierState.destroyed:
        # Destroyed while the page was being drawn: the cache was emptied before this picture came.
        pages_cache.forget(archive, dossier.id)
        raise Missing


def page_text(archive: Archive, actor: Actor, file_id: UUID) -> list[str]:
    """The text that was extracted from the file, page by page; empty when there is none. Raises `Missing`."""
    with archive.work(actor) as work:
        file, dossier = visible_file(work, file_id)
        work.record(Verb.document_read, file, dossier=dossier.id)
    if not file.text_path:
        return []
    return proven_bytes(archive, dossier, file.text_path).decode("utf-8").split("\f")
