"""What a form sent: read once, bounded, before any route runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request

from archive_service.accounts.signin import WrongPassword
from archive_service.kernel.errors import (
    ArchiveError,
    NotPossible,
    PasswordNeeded,
    SignInNeeded,
    TooLarge,
    TooMany,
)
from archive_service.web.forms import Form
from archive_service.web.typed import typed_text

MOST_BYTES = 1 << 20
MOST_PAPER = 51 << 20
TOKENS = frozenset({"csrf", "once", "version", "password", "new_password", "new_password_again"})
"""Never shown again in a form, never kept beyond a session."""
IN_FORM = (NotPossible, PasswordNeeded, WrongPassword, TooMany)
"""Refusals that the person can mend in the form; all others are a page of their own."""


@dataclass(frozen=True)
class Posted:
    """The fields of an `application/x-www-form-urlencoded` body. Text is NFC; a password is left as it is."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Whole papers (the council's minutes) of a `multipart/form-data` form, by field name."""

    def raw(self, name: str) -> str:
        return next(iter(self.fields.get(name, ())), "")

    def text(self, name: str) -> str:
        """The field without the spaces around, line breaks as one character."""
        return typed_text(self.raw(name).replace("\r\n", "\n"))

    def every(self, name: str) -> list[str]:
        """All values of a field, as check boxes send them."""
        return [typed_text(value) for value in self.fields.get(name, ())]

    @property
    def version(self) -> int:
        """The row's version as it was shown; 0 (which no row has) when none was sent."""
        return (
            int(self.raw("version")) if self.raw("version").isascii() and self.raw("version").isdigit() else 0
        )

    @property
    def typed(self) -> dict[str, str]:
        """What the person typed, to be shown again."""
        return {name: self.text(name) for name in self.fields if name not in TOKENS}


async def read_posted(request: Request) -> Posted:
    """Raises `TooLarge` beyond 1 MiB, with a paper beyond `MOST_PAPER`: packages come through the API, never a form."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _with_papers(request)
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            raise TooLarge("Nội dung gửi lên quá lớn.", "What was sent is too large.")
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return Posted(fields)


async def _with_papers(request: Request) -> Posted:
    """Only a signed-in person's: a stranger's upload is not even read."""
    size = request.headers.get("content-length", "")
    if request.state.visit is None:
        raise SignInNeeded
    if not size.isdigit() or int(size) > MOST_PAPER:
        raise TooLarge(
            f"Tệp đính kèm lớn hơn {MOST_PAPER >> 20} MB.",
            f"The attached file is larger than {MOST_PAPER >> 20} MB.",
        )
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    async with request.form(max_files=2, max_fields=100, max_part_size=MOST_BYTES) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
            else:
                files[name] = await value.read()
    return Posted(fields, files)


def form_after(posted: Posted, error: ArchiveError, language: str, at: str = "") -> Form:
    """The form to show again: what was typed, and the error at its field (`at`) or above the form."""
    place = "password" if isinstance(error, (PasswordNeeded, WrongPassword)) else at
    sentence = error.sentence(language)
    return Form(posted.typed, {place: sentence}) if place else Form(posted.typed, {}, sentence)
