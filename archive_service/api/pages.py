"""Lists as the API gives them: `{items, next}`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class ItemList(BaseModel, Generic[T]):
    """`next` is the cursor of the following page, null at the end; it is bound to this query and this person."""

    items: Sequence[T]
    next: str | None


def page_of(rows: Sequence[T], limit: int, cursor_after: Callable[[T], str]) -> ItemList[T]:
    """The first `limit` of rows that were asked for with one more, to know whether anything follows."""
    following = cursor_after(rows[limit - 1]) if len(rows) > limit else None
    return ItemList(items=rows[:limit], next=following)
