"""Whose key a key of a storage root is sealed under. The arrangement is that of ADR 0010 and of the OCFL layout."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

OCFL_ROOT, OBJECT_DEPTH = "ocfl", 5
EVIDENCE = "evidence"
ARCHIVE = "urn:vn-archive:root"
"""Owns what belongs to no object."""
SYSTEM = "urn:vn-archive:system:"
_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Place:
    base: str
    """The part of the key that stays as it is."""
    owner: str
    """The id of the object whose key seals the rest."""


def place_of(key: str) -> Place | None:
    """None for what stays plain: the root's own files at its top, OCFL's declarations, folders down to an object's.

    >>> place_of("ocfl/487/326/d8c/urn%3auuid%3a1/v1/content/a")
    Place(base='ocfl/487/326/d8c/urn%3auuid%3a1', owner='urn:uuid:1')
    >>> place_of("archive-root.json") is place_of("ocfl/487/326/d8c/urn%3auuid%3a1") is None
    True
    """
    segments = key.split("/")
    if segments[0] == OCFL_ROOT:
        if len(segments) <= OBJECT_DEPTH or segments[1] == "extensions":
            return None
        return Place("/".join(segments[:OBJECT_DEPTH]), unquote(segments[OBJECT_DEPTH - 1]))
    if segments[0] == EVIDENCE:
        return Place("/".join(segments[:2]), _owner_of_evidence(segments[1])) if len(segments) > 2 else None
    return Place(segments[0], ARCHIVE) if len(segments) > 1 else None


def _owner_of_evidence(name: str) -> str:
    return f"urn:uuid:{name}" if len(name) == _UUID_LENGTH else SYSTEM + name
