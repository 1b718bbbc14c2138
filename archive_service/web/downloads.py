"""What leaves as a file: an original, or a whole dossier as a bag that verifies. Always as attachment."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from archive_service.api.downloads import attachment, sent
from archive_service.web.session import TheVisit, page_router
from preservation.reading.dips import prepare, zip_blocks
from preservation.reading.read import open_file

router = page_router()


@router.get("/files/{file_id}")
def original(visit: TheVisit, file_id: UUID) -> Response:
    """The very bytes that were submitted."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_file(visit.archive, visit.actor, file_id))
        headers = attachment(opened.name, **{"Content-Length": str(opened.file.size)})
        return sent(opened.stream, stack.pop_all(), "application/octet-stream", headers)


@router.get("/dossiers/{dossier_id}/bag")
def whole_dossier(visit: TheVisit, dossier_id: UUID) -> Response:
    parcel = prepare(visit.archive, visit.actor, dossier_id)
    blocks = zip_blocks(visit.archive, parcel)
    return StreamingResponse(blocks, media_type="application/zip", headers=attachment(f"{parcel.name}.zip"))
