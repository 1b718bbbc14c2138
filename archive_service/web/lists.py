"""What a list page was asked for, read from its address, and the list that it shows.

    asked = ask(request, "sips", COLUMNS, FILTERS, sort="due")
    window = asked.window(rows, key=lambda row: (row.due_at.isoformat(), str(row.id)))
    listing = Listing(asked, caption, window, Empty("all_done", sentence), total=214)

The state of a list is its query string, so links, the back button and the exported sheet agree. Order is
always made total by the id as last key; the cursor holds the keys of the row at the edge of the page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import Request

from archive_service.kernel.cursors import Listed
from archive_service.web.preferences import preferences_of
from archive_service.web.typed import typed_text

EXACT_TOTAL = 10_000
OWN = frozenset({"sort", "order", "cursor", "format"})
Key = tuple[str | int | None, ...]


@dataclass(frozen=True)
class Column:
    """A column: `label` is a key of the sentences, `sheet` gives its typed value for the exported sheet.

    The value may be a `Label`, or a function of the sentences: then the sheet speaks the reader's language.
    """

    name: str
    label: str
    sortable: bool = False
    numeric: bool = False
    sheet: Callable[[Any], object] | None = None


@dataclass(frozen=True)
class Filter:
    """One field of the filter form. `options` are (value, words); the empty value means "all".

    A hidden one is chosen elsewhere on the page (as tabs) and kept by the form.
    """

    name: str
    label: str
    kind: Literal["text", "choice", "date", "hidden"] = "text"
    options: Sequence[tuple[str, str]] = ()

    def words(self, value: str) -> str:
        return dict(self.options).get(value, value)


@dataclass(frozen=True)
class Cursor:
    """The keys of the row beyond which the page begins; `backwards` when it ends before it."""

    keys: Key
    backwards: bool = False


@dataclass(frozen=True)
class Window:
    """The rows of one page in the order shown, and the keys of its edges where more rows lie beyond."""

    rows: Sequence[Any]
    before: Key | None = None
    after: Key | None = None


@dataclass(frozen=True)
class Asked:
    """The request for a list. `values` holds every filter; `unknown` the parameters that mean nothing here."""

    name: str
    path: str
    columns: Sequence[Column]
    filters: Sequence[Filter]
    values: Mapping[str, str]
    sort: str
    descending: bool
    limit: int
    cursor: Cursor | None
    unknown: Sequence[str]
    wants_sheet: bool
    bound_to: str

    @property
    def chosen(self) -> list[Filter]:
        return [one for one in self.filters if self.values[one.name] and one.kind != "hidden"]

    def link(self, **changes: str | None) -> str:
        """This list's address with parameters changed, or left out when None. The cursor is dropped."""
        order = {"sort": self.sort, "order": "desc" if self.descending else "asc"}
        wanted = {**{name: value for name, value in self.values.items() if value}, **order, **changes}
        return f"{self.path}?{urlencode({name: value for name, value in wanted.items() if value})}"

    def sort_link(self, column: Column) -> str:
        """Sorted by this column; a second time the other way round."""
        turned = column.name == self.sort and not self.descending
        return self.link(sort=column.name, order="desc" if turned else "asc")

    def cursor_link(self, keys: Key, backwards: bool = False) -> str:
        return self.link(cursor=_written(Cursor(keys, backwards), self.bound_to))

    def window(self, rows: Sequence[Any], key: Callable[[Any], Key]) -> Window:
        """Make the page from up to `limit + 1` rows fetched beyond the cursor, nearest to it first."""
        more, kept = len(rows) > self.limit, list(rows[: self.limit])
        backwards = self.cursor is not None and self.cursor.backwards
        if backwards:
            kept.reverse()
        before = bool(kept) and (more if backwards else self.cursor is not None)
        after = bool(kept) and (backwards or more)
        return Window(kept, key(kept[0]) if before else None, key(kept[-1]) if after else None)

    @property
    def position(self) -> str | None:
        """The cursor of a use case that pages forwards only; see `page_of`."""
        return str(self.cursor.keys[0]) if self.cursor and self.cursor.keys else None

    def page_of(self, listed: Listed[Any]) -> Window:
        """The page that a use case gave for `position`; the way back is to the first page."""
        return Window(listed.items, None, (listed.next,) if listed.next else None)


def ask(
    request: Request,
    name: str,
    columns: Sequence[Column],
    filters: Sequence[Filter],
    *,
    sort: str,
    descending: bool = False,
) -> Asked:
    """Read a list's query string. An unknown parameter is reported, a foreign cursor begins at the start.

    `sort` must be a sortable column, else the default of the page is taken.
    """
    query = request.query_params
    values = {one.name: typed_text(query.get(one.name, "")) for one in filters}
    sortable = {column.name for column in columns if column.sortable}
    own_sort = query.get("sort") in sortable
    by, down = (query["sort"], query.get("order") == "desc") if own_sort else (sort, descending)
    viewer = getattr(request.state, "viewer", None)
    bound_to = _bound(request.url.path, values, by, down, getattr(viewer, "username", ""))
    return Asked(
        name=name,
        path=request.url.path,
        columns=columns,
        filters=filters,
        values=values,
        sort=by,
        descending=down,
        limit=preferences_of(request).rows,
        cursor=_read(query.get("cursor", ""), bound_to),
        unknown=sorted(set(query) - set(values) - OWN),
        wants_sheet=query.get("format") == "xlsx",
        bound_to=bound_to,
    )


@dataclass(frozen=True)
class Empty:
    """Why a list is empty: nothing_yet, all_done, no_match or unknown (a service is away). Never mixed."""

    kind: Literal["nothing_yet", "all_done", "no_match", "unknown"]
    sentence: str


@dataclass(frozen=True)
class Listing:
    """A list as shown. `total` counts only what this person may see; None when nobody can know it now."""

    asked: Asked
    caption: str
    window: Window
    empty: Empty
    total: int | None = None
    selectable: bool = False
    matrix: bool = False
    column: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", {column.name: column for column in self.asked.columns})

    @property
    def total_is_exact(self) -> bool:
        return self.total is not None and self.total <= EXACT_TOTAL


def _bound(path: str, values: Mapping[str, str], sort: str, descending: bool, person: str) -> str:
    """A cursor belongs to one query of one person: elsewhere its keys would mean another place."""
    facts = json.dumps([path, sorted(values.items()), sort, descending, person])
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _written(cursor: Cursor, bound_to: str) -> str:
    text = json.dumps([bound_to, cursor.backwards, *cursor.keys])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, bound_to: str) -> Cursor | None:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        bound, backwards, *keys = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError):
        return None
    readable = all(isinstance(key, (str, int)) or key is None for key in keys)
    return Cursor(tuple(keys), bool(backwards)) if bound == bound_to and readable else None
