"""What stands above every page: which service is away, what is stuck. Our faults, told to those who work here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job, JobState
from archive_service.web.frame import Notice, Viewer
from archive_service.web.texts import when_text
from archive_service.work import Archive, Work
from preservation.models import StorageRoot

STAFF = frozenset({"officer", "auditor", "records_manager", "head", "executor", "administrator"})
MOST_TOLD = 100


def notices(archive: Archive, viewer: Viewer | None) -> Sequence[Notice]:
    """Nothing for strangers, producers and readers: what they ask for tells them itself when it cannot be had."""
    if viewer is None or not viewer.roles & STAFF:
        return ()
    with archive.look(THE_ARCHIVE) as work:
        return [*_roots(work), *_stuck(work)]


def _roots(work: Work) -> Sequence[Notice]:
    rows = work.session.scalars(
        select(StorageRoot).where(StorageRoot.state.not_in(("online", "offline"))).order_by(StorageRoot.id)
    )
    return [_stopped(row) if row.state == "stopped" else _away(row) for row in rows]


def _away(row: StorageRoot) -> Notice:
    since = when_text(row.since)
    return Notice(
        f"{row.id} mất kết nối từ {since}. Hồ sơ vẫn an toàn ở bản sao khác; kho tự kết nối lại và ghi bù.",
        f"{row.id} has been away since {since}. Records are safe in the other copy; we reconnect by ourselves.",
    )


def _stopped(row: StorageRoot) -> Notice:
    since = when_text(row.since)
    return Notice(
        f"{row.id}: không thấy dấu nhận biết của kho từ {since}. Không ghi gì vào đó; cần người vận hành xem ngay.",
        f"{row.id}: the archive's marker is missing since {since}. Nothing is written there; an operator is needed.",
        "danger",
    )


def _stuck(work: Work) -> Sequence[Notice]:
    ids = select(Job.id).where(Job.state == JobState.stuck).limit(MOST_TOLD)
    count = len(work.session.scalars(ids).all())
    if not count:
        return ()
    least = min(count, MOST_TOLD - 1)
    vi, en = ("hơn ", "more than ") if count == MOST_TOLD else ("", "")
    return [
        Notice(
            f"Lỗi hệ thống: {vi}{least} tác vụ bị kẹt; bên giao không phải làm gì. Xem trang Tác vụ nền.",
            f"System fault: {en}{least} jobs are stuck; senders need do nothing. See the page Jobs.",
        )
    ]
