"""A form counts once. The double click, the reloaded page and the impatient second post get the first one's answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from archive_service.accounts.actors import digest
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict
from archive_service.kernel.people import PostedForm
from archive_service.work import Archive

PATIENCE_SECONDS = 10.0
REMEMBERED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Answered:
    """Where the first post led, and the flash that it left; no location when it was answered with a page."""

    location: str
    flash: str


def begin(archive: Archive, session_digest: str, token: str, person_id: UUID) -> str | Answered:
    """The key of this post if it is the first, else the first one's answer, waited for if it is still at work.

    Raises `Conflict` when the first has not ended in time: nobody can say yet what became of it.
    """
    key = digest(f"{session_digest} {token}")
    try:
        with archive.work(THE_ARCHIVE) as work:
            work.session.add(PostedForm(digest=key, person_id=person_id, at=work.now()))
            work.session.flush()
    except IntegrityError:
        return _answer_of_first(archive, key)
    return key


def _answer_of_first(archive: Archive, key: str) -> Answered:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with archive.look(THE_ARCHIVE) as work:
            row = work.session.get(PostedForm, key)
        if row is not None and row.finished and row.location:
            return Answered(row.location, row.flash)
        if row is None or row.finished:
            break
        time.sleep(0.1)
    raise Conflict(
        "Biểu mẫu này đã được gửi một lần. Đề nghị tải lại trang để xem kết quả.",
        "This form was sent once already. Load the page again to see the result.",
        name="sent-already",
    )


def keep(archive: Archive, key: str, answer: Answered) -> None:
    """The answer of a post that did its work. Forms of days ago are forgotten on the way."""
    with archive.work(THE_ARCHIVE) as work:
        row = work.session.get_one(PostedForm, key)
        row.finished, row.location, row.flash = True, answer.location, answer.flash
        work.session.execute(delete(PostedForm).where(PostedForm.at < work.now() - REMEMBERED))


def forget(archive: Archive, key: str) -> None:
    """The post changed nothing (a wrong field, a refusal): the same form may be sent again."""
    with archive.work(THE_ARCHIVE) as work:
        work.session.execute(delete(PostedForm).where(PostedForm.digest == key))
