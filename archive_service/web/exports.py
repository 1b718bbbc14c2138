"""Lists that leave the archive as a sheet: all pages of a use case, told in the log before they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import TooLarge
from archive_service.kernel.events import Verb
from archive_service.web.lists import Asked
from archive_service.web.session import Visit
from archive_service.web.xlsx import list_response

T = TypeVar("T")
MOST_ROWS = 50_000
PAGE = 200


def every(page: Callable[[str | None], Listed[T]]) -> Iterator[T]:
    """The items of all pages. Raises `TooLarge` rather than leave rows out without a word."""
    cursor, sent = None, 0
    while True:
        listed = page(cursor)
        yield from listed.items
        sent += len(listed.items)
        if listed.next is None:
            return
        if sent >= MOST_ROWS:
            raise TooLarge(
                "Danh sách dài hơn 50.000 dòng. Đề nghị lọc hẹp hơn rồi xuất.",
                "The list has more than 50,000 rows. Filter it, then export.",
            )
        cursor = listed.next


def export(request: Request, visit: Visit, asked: Asked, title: str, rows: Iterable[Any]) -> Response:
    """The sheet of a list. Who took which list away, by which filter, stands in the log."""
    chosen = {name: value for name, value in asked.values.items() if value}
    with visit.archive.work(visit.actor) as work:
        work.record_of(Verb.list_exported, "list", None, list=asked.name, path=asked.path, filter=chosen)
    return list_response(request, asked, title, rows)
