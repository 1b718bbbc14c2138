"""What passes between the worker and a sandboxed child: length-prefixed JSON, never pickle.

A child that foreign bytes have taken over may answer anything; unpickling its answer would run its code in the
worker. JSON can only be wrong. Bytes travel as base64.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

HEADER = struct.Struct("!I")
_BYTES = "__bytes__"


def encode(message: object) -> bytes:
    """One frame. Tuples arrive as lists. Raises TypeError for what is neither plain data nor bytes."""
    body = json.dumps(message, default=_wrap, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return HEADER.pack(len(body)) + body


def decode(body: bytes) -> Any:
    """The message of a frame's body. Raises ValueError."""
    return json.loads(body.decode("utf-8", "surrogatepass"), object_hook=_unwrap)


def _wrap(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot leave the sandbox")


def _unwrap(value: dict[str, Any]) -> Any:
    if len(value) == 1 and isinstance(value.get(_BYTES), str):
        return base64.b64decode(value[_BYTES])
    return value
