"""Bytes of records on their way to a person: always a file to be saved, never a page of this site."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import BinaryIO
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from archive_service.kernel.digests import CHUNK, chunks

#: What the file says it is decides nothing: a browser neither guesses a type nor runs what is inside.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


def attachment(name: str, **more: str) -> dict[str, str]:
    """Headers of a download (RFC 6266); the name in UTF-8, and in ASCII for old clients.

    Marks that turn the writing direction are taken out: they make "gpj.exe" of a name look like "exe.jpg".

    >>> attachment('Hồ sơ "1".pdf')["Content-Disposition"]
    'attachment; filename="H_ s_ _1_.pdf"; filename*=UTF-8\\'\\'H%E1%BB%93%20s%C6%A1%20%221%22.pdf'
    >>> attachment("\\u202egpj.exe")["Content-Disposition"]
    'attachment; filename="_gpj.exe"; filename*=UTF-8\\'\\'_gpj.exe'
    """
    name = "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    told = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {**HARMLESS, "Content-Disposition": told, **more}


def digest_header(sha256: str) -> str:
    """`Repr-Digest` (RFC 9530) of a hex digest."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def sent(
    stream: BinaryIO, kept_open: ExitStack, media_type: str, headers: Mapping[str, str]
) -> StreamingResponse:
    """The stream as an answer; what holds it open is closed when the last byte left, or the reader did."""

    def blocks() -> Iterator[bytes]:
        with kept_open:
            yield from chunks(stream, CHUNK // 4)

    return StreamingResponse(blocks(), media_type=media_type, headers=dict(headers))


def plain_type(mime: str) -> str:
    """One media type of what was identified (PRONOM may give several); octets when nothing is known."""
    first = mime.partition(",")[0].strip()
    return first if first.isascii() and first.count("/") == 1 else "application/octet-stream"
