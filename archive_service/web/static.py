"""Stylesheet, script, icon and fonts, each compressed once and kept by the browser for ever.

The address holds a digest over all of them (`/static/<build>/archive.css`), so a changed file is a new
address. The fonts come from their Python packages; none is committed.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fontpkg_be_vietnam_pro
import fontpkg_ibm_plex_mono
from fastapi import APIRouter, Request, Response

from archive_service.kernel.errors import Missing

FOLDER = Path(__file__).parent / "static"
SANS = Path(fontpkg_be_vietnam_pro.ROOT) / "files"
MONO = Path(fontpkg_ibm_plex_mono.ROOT) / "files"
FILES: dict[str, tuple[Path, str]] = {
    "archive.css": (FOLDER / "archive.css", "text/css; charset=utf-8"),
    "dark.css": (FOLDER / "dark.css", "text/css; charset=utf-8"),
    "archive.js": (FOLDER / "archive.js", "text/javascript; charset=utf-8"),
    "icon.svg": (FOLDER / "icon.svg", "image/svg+xml"),
    "sans-400.ttf": (SANS / "BeVietnamPro-Regular.ttf", "font/ttf"),
    "sans-600.ttf": (SANS / "BeVietnamPro-SemiBold.ttf", "font/ttf"),
    "mono-400.ttf": (MONO / "IBMPlexMono-Regular.ttf", "font/ttf"),
}
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    plain: bytes
    compressed: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Every static file by name, read and compressed at the first request."""
    read = {name: (path.read_bytes(), media_type) for name, (path, media_type) in FILES.items()}
    return {name: Asset(data, gzip.compress(data, mtime=0), kind) for name, (data, kind) in read.items()}


@cache
def build() -> str:
    """12 hex digits over the content of all static files."""
    digest = hashlib.sha256()
    for name, asset in sorted(assets().items()):
        digest.update(name.encode() + b"\0" + asset.plain)
    return digest.hexdigest()[:12]


def asset_url(name: str) -> str:
    """The address of a static file. Raises KeyError for a name that is not served."""
    if name not in FILES:
        raise KeyError(name)
    return f"/static/{build()}/{name}"


@router.get("/static/{version}/{name}")
def get_static(request: Request, version: str, name: str) -> Response:
    """One static file; gzip when the browser takes it. Of an older page's build: today's file, kept by nobody."""
    asset = assets().get(name)
    if asset is None:
        raise Missing
    headers = {
        "Cache-Control": FOR_EVER if version == build() else "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.plain, media_type=asset.media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed, media_type=asset.media_type, headers=headers)
