"""`/documents/{id}` (W5): a picture of the page beside its text; the original as a download, never mistaken for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from archive_service.kernel.errors import Missing
from archive_service.kernel.events import Verb
from archive_service.web.dossiers import named, title_of
from archive_service.web.frame import SECURITY_HEADERS, Page, render, sentences
from archive_service.web.hits import HitsInText, find_hits
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.typed import typed_text
from preservation.access import visible_document
from preservation.kinds import kind_of
from preservation.models import AccessMode, Document, Dossier, FileObject, Signature
from preservation.reading import browse, contents
from preservation.reading.read import page_image, page_text

router = page_router()
#: Width of the picture by the size that is chosen; "fit" shrinks to the room that there is.
SIZES = {"fit": 800, "full": 1200, "double": 1600}
DRAWN = ("pdf", "image")
#: Different words that a picture marks; the text beside it marks all.
MOST_MARKS = 20


@dataclass(frozen=True)
class Shelfmark:
    """The document where it stands: its dossier, its files, what comes before and after."""

    document: Document
    dossier: Dossier
    files: Sequence[FileObject]
    signatures: Sequence[Signature]
    before: Document | None
    after: Document | None


@dataclass(frozen=True)
class Reading:
    """One page of one of the document's files, and the addresses of the others."""

    document: Document
    file: FileObject
    page: int
    pages: int
    size: str
    words: str
    hits: HitsInText
    picture: str

    def at(self, page: int, size: str = "") -> str:
        chosen = {"page": str(page), "q": self.words, "size": size or self.size}
        chosen |= {"file": str(self.file.position)} if self.file.position else {}
        return f"/documents/{self.document.id}?{urlencode({k: v for k, v in chosen.items() if v})}"


@router.get("/documents/{document_id}")
def document(
    request: Request,
    visit: TheVisit,
    document_id: UUID,
    page: Annotated[int, Query()] = 1,
    q: str = "",
    size: str = "fit",
    file: int = 0,
) -> Response:
    t = sentences(request)
    place = _place(visit, document_id)
    with visit.archive.work(visit.actor) as work:
        work.record(Verb.document_read, place.document, dossier=place.dossier.id)
    reading = _read(visit, place, page, typed_text(q), size if size in SIZES else "fit", file)
    found = place.document
    title = t(
        "document.title",
        title=title_of(found) or t("search.untitled"),
        number=found.number,
        date=found.issued_raw,
    )
    crumbs = [(t("document.dossier", code=place.dossier.code), f"/dossiers/{place.dossier.id}")]
    return render(
        request,
        "document.html",
        Page(
            title.strip(" ,"), "", [*crumbs, (t("document.ordinal", n=str(found.ordinal)), "")], here="/fonds"
        ),
        place=place,
        reading=reading,
        sizes=SIZES,
        named=named(visit.archive.rules, "document", found.tags, t),
        drawn=bool(reading and reading.picture),
    )


def _place(visit: Visit, document_id: UUID) -> Shelfmark:
    with visit.archive.look(visit.actor) as work:
        found, dossier = visible_document(work, document_id)
        files = browse.files_of(work, found)
        signatures = contents.signatures_of(work, files[0]) if files else ()
        before, after = contents.neighbours(work, dossier, found)
        return Shelfmark(found, dossier, files, signatures, before, after)


def _read(visit: Visit, place: Shelfmark, page: int, words: str, size: str, position: int) -> Reading | None:
    """None for a document without any file. A page that is not there is the nearest one that is."""
    file = next((each for each in place.files if each.position == position), None)
    if file is None:
        return None
    texts = page_text(visit.archive, visit.actor, file.id)
    drawable = kind_of(file.puid) in DRAWN and bool(file.pages)
    pages = max(file.pages or 0, len(texts), 1)
    page = min(max(page, 1), pages)
    hits = find_hits(texts, words, page)
    picture = f"/documents/{place.document.id}/pages/{page}.png" if drawable else ""
    if picture:
        marks = sorted({one.text.casefold() for one in hits.fragments if one.is_hit})[:MOST_MARKS]
        asked = {"file": file.position, "width": SIZES[size], "mark": marks}
        picture += f"?{urlencode(asked, doseq=True)}"
    return Reading(place.document, file, page, pages, size, words, hits, picture)


@router.get("/documents/{document_id}/pages/{page}.png")
def picture(
    request: Request,
    visit: TheVisit,
    document_id: UUID,
    page: int,
    file: int = 0,
    width: int = SIZES["fit"],
    mark: Annotated[Sequence[str], Query(max_length=MOST_MARKS)] = (),
) -> Response:
    """The page as PNG or JPEG, drawn in a bounded child; closed records are kept by no cache."""
    place = _place(visit, document_id)
    chosen = next((each for each in place.files if each.position == file), None)
    if chosen is None:
        raise Missing
    drawn, media_type = page_image(
        visit.archive, visit.actor, chosen.id, page, width, [each for each in mark if each]
    )
    etag = f'"{hashlib.sha256(drawn).hexdigest()[:24]}"'
    public = place.document.access is AccessMode.public
    headers = {
        **SECURITY_HEADERS,
        "Cache-Control": "private, no-cache" if public else "no-store",
        "ETag": etag,
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type=media_type, headers=headers)
