"""Roots that were taken out of service for good: which they are, and what their media may still hold."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import Root
from archive_service.work import Archive, Work
from preservation.models import Dossier, StorageRoot
from preservation.watch_models import RetiredRoot

LATE = timedelta(days=1)
"""Who had begun to store a dossier when the root was retired may have written there: it is taken to hold that, too."""


def retired_ids(archive: Archive) -> set[str]:
    with archive.look(THE_ARCHIVE) as work:
        return set(work.session.scalars(select(RetiredRoot.id)))


def serving(archive: Archive) -> list[Root]:
    """The roots of the settings without retired ones: a process that was running then still has their tables."""
    retired = retired_ids(archive)
    return [root for root in archive.settings.storage if root.id not in retired]


def refuse_retired(archive: Archive, root_id: str, marked: str = "") -> None:
    """Raises `NotPossible` for a root that was taken out of service: by its row, or else by its marker (`marked`).

    A known root whose marker alone says so is one whose retirement was interrupted: it may be run again.
    """
    with archive.look(THE_ARCHIVE) as work:
        row = work.session.get(RetiredRoot, root_id)
        known = work.session.get(StorageRoot, root_id) is not None
    if row is not None or (marked and not known):
        raise NotPossible(
            f"Kho {root_id} đã ngừng sử dụng: bỏ bảng [[storage]] của nó khỏi cài đặt. Không ghi gì vào đó.",
            f"Root {root_id} is retired: remove its [[storage]] table from the settings. Nothing was written there.",
            name="root-retired",
        )


def media_left(work: Work) -> list[RetiredRoot]:
    """Retired roots whose medium was not destroyed yet."""
    query = select(RetiredRoot).where(RetiredRoot.destroyed_on.is_(None)).order_by(RetiredRoot.id)
    return list(work.session.scalars(query))


def media_that_may_hold(work: Work, dossier: Dossier) -> list[RetiredRoot]:
    return [each for each in media_left(work) if dossier.accepted_at < each.retired_at + LATE]
