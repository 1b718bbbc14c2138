"""Where OCFL things lie in a store: OCFL 1.1 with storage layout 0003 (hash and id n-tuple) and its defaults.

<store>/
├── …               keys of the archive's own, its marker among them: outside the OCFL tree
├── deposit/        only in folders: what is half written
└── ocfl/           the OCFL storage root, nothing in it that OCFL does not name
    ├── 0=ocfl_1.1
    ├── ocfl_layout.json
    ├── extensions/0003-hash-and-id-n-tuple-storage-layout/config.json
    └── 5f1/0c2/9ab/urn%3auuid%3a…/
"""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import unquote

OCFL_ROOT = "ocfl"
LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
TUPLE_SIZE, TUPLES = 3, 3
MOST_ENCODED = 100
"""Longer ids would be cut by the layout, and the name of the folder could not be read back."""

DECLARATION = "0=ocfl_object_1.1"
DECLARATION_BYTES = b"ocfl_object_1.1\n"


def declaration_of(spec: str) -> tuple[str, bytes]:
    """Name and bytes of an object's declaration."""
    return f"0=ocfl_object_{spec}", f"ocfl_object_{spec}\n".encode()


class BadObjectId(ValueError):
    pass


def _json(value: dict[str, object]) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


ROOT_FILES = {
    f"{OCFL_ROOT}/0=ocfl_1.1": b"ocfl_1.1\n",
    f"{OCFL_ROOT}/ocfl_layout.json": _json(
        {"extension": LAYOUT, "description": "Hashed n-tuple folders, then the percent-encoded object id"}
    ),
    f"{OCFL_ROOT}/extensions/{LAYOUT}/config.json": _json(
        {
            "extensionName": LAYOUT,
            "digestAlgorithm": "sha256",
            "tupleSize": TUPLE_SIZE,
            "numberOfTuples": TUPLES,
        }
    ),
}
"""Key → bytes of every file that belongs to the root itself."""


def object_path(object_id: str) -> str:
    """The key prefix of an object; raises `BadObjectId` for an empty, unencodable or too long id.

    >>> object_path("..hor/rib:le-$id")
    'ocfl/487/326/d8c/%2e%2ehor%2frib%3ale-%24id'
    """
    try:
        encoded = object_id.encode()
    except UnicodeEncodeError:
        raise BadObjectId(ascii(object_id[:80])) from None
    name = "".join(_encode(byte) for byte in encoded)
    if not 0 < len(name) <= MOST_ENCODED:
        raise BadObjectId(ascii(object_id[:80]))
    digest = hashlib.sha256(encoded).hexdigest()
    tuples = (digest[n * TUPLE_SIZE : (n + 1) * TUPLE_SIZE] for n in range(TUPLES))
    return "/".join((OCFL_ROOT, *tuples, name))


def object_id_at(path: str) -> str | None:
    """The id of the object whose place `path` is; None where the layout puts no object.

    >>> object_id_at("ocfl/487/326/d8c/%2e%2ehor%2frib%3ale-%24id")
    '..hor/rib:le-$id'
    """
    object_id = unquote(path.rpartition("/")[2], errors="replace")
    try:
        return object_id if object_path(object_id) == path else None
    except BadObjectId:
        return None


def _encode(byte: int) -> str:
    char = chr(byte)
    return char if re.fullmatch(r"[A-Za-z0-9_-]", char) else f"%{byte:02x}"
