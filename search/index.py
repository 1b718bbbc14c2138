"""The port of the search index, and the values that cross it. An index knows nothing of records and their rights:
it is told what to hold, who asks as a filter, and answers with nothing else than what passes that filter.

What both engines promise (tests/contracts/test_search_index.py):
- every word of the query must stand somewhere in the entry; hits with the very tones come before tone-blind ones
  (`ranks.py`), within a rank the newest date first, then the id;
- the permission filter is part of the query: total, facets, highlights and cursor are made from what passes it.
  Ranks use no statistics of the whole index, so the order does not betray a closed record either;
- an older revision never wins; an erased dossier never comes back into this index, nor into its successor;
- what is written is found by every process as soon as `write` has returned;
- a cursor goes on behind the last hit shown: it neither skips nor repeats an entry that stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from archive_service.kernel.errors import Conflict, NotPossible, TryLater

TEXT_LIMIT = 1_000_000  # characters of full text an entry is found by, about 500 pages; `Hit.text_cut` tells
EXACT_TO = 10_000  # totals are exact up to here
FACET_VALUES = 50
LARGEST_LIMIT = 200

KINDS = ("dossier", "document")
MODES = ("public", "conditional", "closed")
FACETS = ("fonds", "agency", "year", "type", "kind", "access")
FILTERS = (*FACETS, "unit", "dossier")
Sort = Literal["relevance", "newest", "oldest"]  # without a date = the oldest


class IndexAway(TryLater):
    """The index cannot answer now. Never shown as "0 hits"."""

    name = "search-away"

    def __init__(self) -> None:
        super().__init__(
            "Tìm kiếm tạm ngừng. Hồ sơ vẫn an toàn và vẫn xem được theo mã. Đề nghị thử lại sau ít phút.",
            "Search is away. Records are safe and open by code. Try again in a few minutes.",
        )


class RebuildAbandoned(Conflict):
    """Another rebuild was started since; this one's index is gone."""

    name = "rebuild-abandoned"

    def __init__(self) -> None:
        super().__init__(
            "Đã có một lần dựng lại chỉ mục khác bắt đầu sau; lần này bị hủy bỏ.",
            "Another rebuild of the index was started later; this one is abandoned.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A dossier or a document as it is found. Pages of `text` are parted by a form feed; dates are ISO days, the
    earliest and the latest that the law's date allows. `agency` and `type_name` are facets as they are written."""

    id: str
    dossier_id: str
    kind: str
    revision: int
    unit_id: str
    fonds_id: str
    access: str
    dossier_code: str = ""
    title: str = ""
    abstract: str = ""
    numbers: tuple[str, ...] = ()
    agency: str = ""
    signer: str = ""
    place: str = ""
    place_held: str = ""
    type_name: str = ""
    date_from: str | None = None
    date_to: str | None = None
    year: int | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.access not in MODES or self.revision < 0:
            raise ValueError(f"{self.id}: kind {self.kind}, access {self.access}, revision {self.revision}")
        for day in (self.date_from, self.date_to):
            if day is not None:
                date.fromisoformat(day)


@dataclass(frozen=True, slots=True)
class Clause:
    """Entries of one of these access modes, in one of these units and one of these fonds; None = in any."""

    modes: frozenset[str]
    units: frozenset[str] | None = None
    fonds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """What the reader may see: one of the clauses. No clause, no hit."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`text` as a person typed it, blank = everything. `filters`: name of `FILTERS` → allowed values, all names
    must hold. `date_from` and `date_to` (ISO days): entries whose dates overlap the range."""

    text: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    date_from: str | None = None
    date_to: str | None = None
    sort: Sort = "relevance"
    limit: int = 20
    after: str | None = None

    def __post_init__(self) -> None:
        unknown = set(self.filters) - set(FILTERS)
        if (
            unknown
            or not 1 <= self.limit <= LARGEST_LIMIT
            or self.sort not in ("relevance", "newest", "oldest")
        ):
            raise NotPossible(
                f"Không hiểu yêu cầu tìm: bộ lọc {sorted(unknown)}, sắp xếp {self.sort}, limit {self.limit}.",
                f"Wrong search request: filters {sorted(unknown)}, sort {self.sort}, limit {self.limit}.",
                name="wrong-search",
            )


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _wrong_search(got: str) -> NotPossible:
    return NotPossible(
        f"Không hiểu yêu cầu tìm: {got}.", f"Wrong search request: {got}.", name="wrong-search"
    )


@dataclass(frozen=True, slots=True)
class Fragment:
    """Plain text, never HTML; the page marks the hits."""

    text: str
    is_hit: bool


Fragments = tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Snippet:
    """The best place of the full text. `page` counts from 1; `further` = hits outside the fragments."""

    fragments: Fragments
    page: int
    further: int


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that matches. `entry.text` is empty. `highlights`: only fields that hold a hit, in reading order: they
    say why it was found. `text_cut`: only the first `TEXT_LIMIT` characters are searched."""

    entry: IndexEntry
    tone_exact: bool
    highlights: Mapping[str, Fragments]
    snippet: Snippet | None
    text_cut: bool


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`total` and `exact_total` stop at `EXACT_TO`; `more` says that there are more than `total`. Facets are counted
    over all hits, the `FACET_VALUES` most frequent, equal counts by value."""

    hits: tuple[Hit, ...]
    total: int
    exact_total: int
    more: bool
    facets: Mapping[str, tuple[FacetCount, ...]]
    next: str | None


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """The text of these dossiers is in no file of the index any more (a cluster has dropped those files for good; its
    nodes unlink them within moments). `removed` counts entries taken out now: 0 when they were never there. Not
    covered: file-system snapshots and backups."""

    dossier_ids: tuple[str, ...]
    removed: int
    index: str


class SearchIndex(Protocol):
    """All methods raise `IndexAway` when the engine cannot be reached or is busy; nothing is lost then."""

    def write(self, entries: Iterable[IndexEntry]) -> dict[str, int]:
        """Replaces entries by id. Returns for each id the revision that the index holds now: the one given, or a
        newer one. Ids of erased dossiers are left out of the answer and of the index."""

    def erase(self, dossier_ids: Iterable[str]) -> ErasureReceipt:
        """Removes the dossiers and their documents from disk, of a rebuild under way too, and refuses them from now
        on. Costs a walk over the index: batch it."""

    def search(
        self, query: Query, access: AccessFilter, must_not: frozenset[str] = frozenset()
    ) -> SearchPage:
        """`must_not`: dossier ids that are hidden whatever the filter says."""

    def revisions(self, after: str = "") -> Iterator[tuple[str, int]]:
        """(id, revision) of every entry with id > `after`, by id: the index's side of a cross-check."""

    def count(self) -> int:
        """Entries, dossiers and documents."""

    def rebuild(self) -> Rebuild:
        """An empty index beside the live one. One at a time: starting abandons an unpublished one."""

    def describe(self) -> str:
        """For people, without secrets."""

    def probe(self) -> None:
        """Raises `IndexAway`."""


class Rebuild(SearchIndex, Protocol):
    def publish(self) -> None:
        """Replaces the live index in one step and removes the old one. Erasures are carried over. Entries written to
        the live index since `rebuild()` are not: cross-check `revisions` afterwards."""
