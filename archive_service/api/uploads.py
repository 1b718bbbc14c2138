"""Raw uploads: the asynchronous byte stream of a request, read by synchronous code block by block.

The reader pulls: while storage is slow nothing more is taken from the network, so memory stays flat. Uploads have threads
of their own, so that many slow senders do not stop anybody from reading.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from email.message import Message
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, from_thread, to_thread
from http_sfv.dictionary import Dictionary

from archive_service.kernel.errors import NotPossible

T = TypeVar("T")
MOST_AT_ONCE = 64
ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512"}
"""Names of RFC 9530 and ours."""


class Pulled:
    """A readable stream over asynchronous blocks; only for threads started by `in_upload_thread`.

    A connection that is cut raises `ClientDisconnect` from `read`, so that a store keeps nothing of it.
    """

    def __init__(self, blocks: AsyncIterator[bytes]) -> None:
        self._blocks, self._rest, self._ended = blocks, b"", False

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end; all of them with -1."""
        found = [self._rest] if self._rest else []
        have = len(self._rest)
        while not self._ended and (size < 0 or have < size):
            block = from_thread.run(self._next)
            found.append(block)
            have += len(block)
        whole = b"".join(found)
        taken, self._rest = (whole, b"") if size < 0 else (whole[:size], whole[size:])
        return taken

    async def _next(self) -> bytes:
        try:
            return await anext(self._blocks)
        except StopAsyncIteration:
            self._ended = True
            return b""


async def in_upload_thread(
    limiter: CapacityLimiter, work: Callable[..., T], *args: object, **more: object
) -> T:
    return await to_thread.run_sync(partial(work, *args, **more), limiter=limiter)


def promised_digests(header: str | None) -> dict[str, str]:
    """`Repr-Digest` (RFC 9530) as algorithm → hex digest; empty without the header.

    Raises `NotPossible` when the header cannot be read or names no digest that is computed here: silence would look like
    a comparison that was made.

    >>> promised_digests("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")["sha256"][:8]
    'e3b0c442'
    """
    if not header:
        return {}
    fields = Dictionary()
    try:
        fields.parse(header.encode())
        found = {ours: fields[name].value.hex() for name, ours in ALGORITHMS.items() if name in fields}
    except (ValueError, AttributeError) as error:
        raise _wrong_digest(header) from error
    if not found:
        raise _wrong_digest(header)
    return found


def _wrong_digest(header: str) -> NotPossible:
    return NotPossible(
        f"Repr-Digest: {header[:80]!r}; cần sha-256=:…: hoặc sha-512=:…: (RFC 9530).",
        f"Repr-Digest: {header[:80]!r}; expected sha-256=:…: or sha-512=:…: (RFC 9530).",
        name="wrong-digest-header",
    )


def container_name(disposition: str | None, media_type: str) -> str:
    """The name that the sender gave (RFC 6266), without folders and control characters; else one by the media type.

    >>> container_name("attachment; filename*=UTF-8''H%E1%BB%93%20s%C6%A1.zip", "application/zip")
    'Hồ sơ.zip'
    >>> container_name(None, "application/x-tar")
    'submission.tar'
    """
    message = Message()
    message["Content-Disposition"] = disposition or ""
    name = re.sub(r"[\x00-\x1f\x7f]", "", message.get_filename() or "")
    name = re.split(r"[/\\]", name)[-1].strip()
    endings = {"application/zip": ".zip", "application/x-tar": ".tar", "application/gzip": ".tar.gz"}
    return name[:300] or "submission" + endings.get(media_type, "")
