"""Names below a dossier's folder: what a producer called a file would else outlive the destruction of its key.

Each segment is sealed by itself under the dossier's key with AES-SIV, its folder bound in: equal paths give equal names,
so that a file is found by its name, and nothing more is told than how deep folders are and about how long names.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag

from archive_service.kernel.objects.age import DossierKey
from archive_service.kernel.objects.port import BadKey

DEEPEST = 16
"""What lies deeper is one name: each segment costs 23 bytes of the 1,024 that a key may have."""
LONGEST = 175
"""Bytes of a segment: sealed and in base64 it must fit the 255 that file systems take."""
STRANGE = "?:"
"""Begins a segment, in listings, that is no sealed name: what others put there can be seen and removed."""


def sealed_path(key: DossierKey, base: str, path: str) -> str:
    """The sealed form of `path`, which lies below `base`. Raises `BadKey` for a name that is too long."""
    segments = path.split("/")
    if len(segments) > DEEPEST:
        segments[DEEPEST:] = ["/".join(segments[DEEPEST:])]
    return "/".join(_sealed(key, base, segments, n) for n in range(len(segments)))


def _sealed(key: DossierKey, base: str, segments: list[str], n: int) -> str:
    segment = segments[n]
    if segment.startswith(STRANGE):
        return segment.removeprefix(STRANGE)
    name = segment.encode()
    if len(name) > LONGEST:
        raise BadKey(f"too long for an encrypted store: {segment[:80]!r}…")
    return urlsafe_b64encode(key.names.encrypt(name, [_folder(base, segments[:n])])).decode().rstrip("=")


def opened_path(key: DossierKey | None, base: str, sealed: str) -> tuple[str, bool]:
    """The path and whether every segment of it is a name that was sealed here under this key."""
    segments: list[str] = []
    for each in sealed.split("/"):
        found = _opened(key, _folder(base, segments), each) if key else None
        segments.append(STRANGE + each if found is None else found)
    return "/".join(segments), not any(each.startswith(STRANGE) for each in segments)


def _opened(key: DossierKey, folder: bytes, sealed: str) -> str | None:
    try:
        data = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        # Written as we write it, or it is another file: base64 has several spellings of the same bytes.
        if urlsafe_b64encode(data).decode().rstrip("=") != sealed:
            return None
        return key.names.decrypt(data, [folder]).decode()
    except (ValueError, InvalidTag):
        return None


def _folder(base: str, segments: list[str]) -> bytes:
    return "/".join(filter(None, (base, *segments))).encode() or b"/"
