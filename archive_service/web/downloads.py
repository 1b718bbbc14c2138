"""What leaves as a file: an original, or a whole dossier as a bag that verifies. Always as attachment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import quote
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from archive_service.kernel.digests import chunks
from archive_service.web.session import TheVisit, page_router
from preservation.dips import prepare, zip_blocks
from preservation.read import OpenedFile, open_file

router = page_router()


@router.get("/files/{file_id}")
def original(visit: TheVisit, file_id: UUID) -> Response:
    """The very bytes that were submitted."""
    opening = open_file(visit.archive, visit.actor, file_id)
    opened = opening.__enter__()
    headers = attached(opened.name) | {"Content-Length": str(opened.file.size)}
    return StreamingResponse(_blocks(opening, opened), media_type="application/octet-stream", headers=headers)


def _blocks(opening: AbstractContextManager[OpenedFile], opened: OpenedFile) -> Iterator[bytes]:
    try:
        yield from chunks(opened.stream)
    finally:
        opening.__exit__(None, None, None)


@router.get("/dossiers/{dossier_id}/bag")
def whole_dossier(visit: TheVisit, dossier_id: UUID) -> Response:
    parcel = prepare(visit.archive, visit.actor, dossier_id)
    blocks = zip_blocks(visit.archive, parcel)
    return StreamingResponse(blocks, media_type="application/zip", headers=attached(f"{parcel.name}.zip"))


def attached(name: str) -> dict[str, str]:
    """Records of others never open inside our pages. RFC 6266; RFC 8187 for names beyond ASCII."""
    return {
        "Content-Disposition": f"attachment; filename=\"{_ascii(name)}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _ascii(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "_" for c in name)
