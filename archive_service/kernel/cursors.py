"""Cursors of lists: opaque, and bound to the query and the person that they were made for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from archive_service.kernel.errors import NotPossible

T = TypeVar("T")
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of a list: its items and the cursor of the next page, None at the end."""

    items: Sequence[T]
    next: str | None


def _mac(secret: bytes, bound_to: str, payload: bytes) -> bytes:
    return hmac.new(secret, bound_to.encode() + b"\0" + payload, hashlib.sha256).digest()[:12]


def make_cursor(secret: bytes, bound_to: str, position: Sequence[object]) -> str:
    payload = json.dumps(list(position), default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(secret, bound_to, payload) + payload).decode().rstrip("=")


def read_cursor(secret: bytes, bound_to: str, cursor: str) -> list[object]:
    """The position. Raises `NotPossible` when it was made for another query or person, or was altered."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if hmac.compare_digest(raw[:12], _mac(secret, bound_to, raw[12:])):
            position: list[object] = json.loads(raw[12:])
            return position
    except ValueError:
        pass
    raise NotPossible(
        "Con trỏ trang không thuộc lần tìm này. Đề nghị bắt đầu lại từ trang đầu.",
        "The cursor does not belong to this query. Start again from the first page.",
        name="wrong-cursor",
    )


def limit_of(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise NotPossible(
            f"limit: từ 1 đến {MAX_LIMIT}.", f"limit: expected 1 to {MAX_LIMIT}.", name="wrong-limit"
        )
    return limit
