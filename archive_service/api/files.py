"""`/files`: the bit-streams themselves, their page images and their text."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from archive_service.api.doors import Shown, TheActor, TheArchive, TheLook
from archive_service.api.downloads import HARMLESS, attachment, digest_header, plain_type, sent
from preservation.access import visible_file
from preservation.reading.read import open_file, page_image, page_text

router = APIRouter(tags=["files"])
BYTES: dict[str, Any] = {"content": {"application/octet-stream": {}}}
PICTURES: dict[str, Any] = {"content": {"image/png": {}, "image/jpeg": {}}}


class FileShown(Shown):
    """`path` is where it lies in the submission; the digests are those that its sender gave."""

    id: UUID
    dossier_id: UUID
    document_id: UUID | None
    path: str
    size: int
    sha256: str
    sha512: str
    puid: str
    format_name: str
    mime: str
    pages: int | None
    malware: str


class TextShown(Shown):
    """The extracted text, page by page; no pages when the file has none that is read."""

    pages: Sequence[str]


@router.get("/files/{file_id}")
def file(file_id: UUID, work: TheLook) -> FileShown:
    return FileShown.model_validate(visible_file(work, file_id)[0])


@router.get("/files/{file_id}/content", response_class=StreamingResponse, responses={200: BYTES})
def content(file_id: UUID, archive: TheArchive, actor: TheActor) -> StreamingResponse:
    """The bytes, as an attachment, with the sender's digest in `Repr-Digest`."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_file(archive, actor, file_id))
        headers = attachment(
            opened.name,
            **{"Content-Length": str(opened.file.size), "Repr-Digest": digest_header(opened.file.sha256)},
        )
        return sent(opened.stream, stack.pop_all(), plain_type(opened.file.mime), headers)


@router.get("/files/{file_id}/pages/{page}", response_class=Response, responses={200: PICTURES})
def picture(
    file_id: UUID,
    page: Annotated[int, Path(ge=1)],
    archive: TheArchive,
    actor: TheActor,
    width: Annotated[int, Query(description="pixels: 400, 800, 1200 or 1600")] = 800,
) -> Response:
    """A page as a picture."""
    data, media_type = page_image(archive, actor, file_id, page, width)
    return Response(data, media_type=media_type, headers=HARMLESS)


@router.get("/files/{file_id}/text")
def text(file_id: UUID, archive: TheArchive, actor: TheActor) -> TextShown:
    return TextShown(pages=page_text(archive, actor, file_id))
