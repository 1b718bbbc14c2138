"""The embedded index: tantivy in this process, its files shared by several processes of one machine.

A writer is opened for each batch by whoever holds the lock (tantivy refuses a second one), readers look at two small
files before each search and load what is new. Erasing makes a new generation without the erased text and swaps it in:
deleting alone leaves the text on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import cast

import tantivy
from tantivy import Query as Q

from search.answers import NOTHING, answer, position_of
from search.generations import LIVE, Generations
from search.index import (
    KINDS,
    AccessFilter,
    ErasureReceipt,
    IndexAway,
    IndexEntry,
    Query,
    RebuildAbandoned,
    SearchPage,
)
from search.query import parse
from search.tantivy_query import SCHEMA, by_date, by_rank, count_of, counts, is_one_of, scope_of, stored_bytes
from search.terms import ERASED, days, facet_values, order, restored, stored, terms, tombstone_id

BATCH = 2000
BATCH_CHARACTERS = 4_000_000
HEAP = 30_000_000  # bytes for the writer's one thread; a second one wins little and doubles it


def _created(folder: Path) -> tantivy.Index:
    folder.mkdir()
    return _open(folder)


def _open(folder: Path) -> tantivy.Index:
    index = tantivy.Index(SCHEMA, path=str(folder))
    index.config_reader("manual")  # else every index starts a thread that watches its folder
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("words", words)
    return index


def _document(entry: IndexEntry) -> tantivy.Document:
    numbers = {"revision": entry.revision, "order": order(entry), **days(entry)}
    fields = {"id": entry.id, **facet_values(entry), **terms(entry), **numbers, "stored": stored(entry)}
    return tantivy.Document.from_dict(fields, SCHEMA)  # with the schema: else numbers become signed ones


def _tombstone(dossier_id: str) -> tantivy.Document:
    fields = {"id": tombstone_id(dossier_id), "kind": ERASED, "access": ERASED, "dossier": dossier_id}
    return tantivy.Document.from_dict(fields, SCHEMA)


class EmbeddedIndex:
    def __init__(self, root: Path, *, pointer: str = LIVE, patience: float = 60.0) -> None:
        """Opens the index in the folder `root`, or makes an empty one. `patience`: see `Generations`."""
        self._generations = Generations(root, patience)
        self._pointer, self._guard = pointer, threading.Lock()
        self._opened: tuple[object, tantivy.Index] | None = None
        if pointer == LIVE and self._generations.folder(LIVE) is None:
            with self._away(), self._generations.writing():
                if self._generations.folder(LIVE) is None:  # two processes start at once
                    self._start(LIVE)

    def describe(self) -> str:
        return f"tantivy, {self._generations.root}"

    def probe(self) -> None:
        self._searcher()

    def count(self) -> int:
        return count_of(self._searcher(), is_one_of("kind", KINDS))

    def revisions(self, after: str = "") -> Iterator[tuple[str, int]]:
        searcher = self._searcher()
        for entry_id, _ in searcher.terms_with_prefix("id", "", is_one_of("kind", KINDS)):
            if entry_id > after:
                yield entry_id, _revision(searcher, entry_id)

    def write(self, entries: Iterable[IndexEntry]) -> dict[str, int]:
        confirmed: dict[str, int] = {}
        entries = iter(entries)
        while batch := list(_batch(entries)):
            with self._away(), self._generations.writing():
                confirmed |= self._write_batch(batch)
        return confirmed

    def erase(self, dossier_ids: Iterable[str]) -> ErasureReceipt:
        erased = frozenset(dossier_ids)
        with self._away(), self._generations.writing():
            pointers = (LIVE, *self._generations.rebuilds())
            removed = {pointer: self._compact(pointer, erased) for pointer in pointers}
            self._generations.sweep()
        return ErasureReceipt(tuple(sorted(erased)), removed[self._pointer], self.describe())

    def rebuild(self) -> EmbeddedRebuild:
        pointer = self._generations.new_rebuild()
        with self._away(), self._generations.writing():
            for abandoned in self._generations.rebuilds():
                self._generations.drop(abandoned)
            self._start(pointer)
            self._generations.sweep()
        return EmbeddedRebuild(self._generations.root, pointer=pointer, patience=self._generations.patience)

    def search(
        self, query: Query, access: AccessFilter, must_not: frozenset[str] = frozenset()
    ) -> SearchPage:
        asked, position = parse(query.text), position_of(query)
        if not access.clauses or not (asked.atoms or asked.blank):
            return NOTHING
        searcher, scope = self._searcher(), scope_of(query, access, must_not)
        with self._away():
            counted = counts(searcher, asked, scope)
            if asked.blank or query.sort != "relevance":
                found = by_date(searcher, query, asked, scope, position)
            else:
                found = by_rank(searcher, query, asked, scope, position, counted)
        return answer(query, asked, found, counted)

    @contextmanager
    def _away(self) -> Iterator[None]:
        """tantivy tells every trouble with its files as ValueError or OSError."""
        try:
            yield
        except (OSError, ValueError) as trouble:
            raise IndexAway from trouble

    def _start(self, pointer: str) -> None:
        folder = self._generations.new_folder()
        _created(folder)
        self._generations.point(pointer, folder)

    def _folder(self) -> Path:
        folder = self._generations.folder(self._pointer)
        if folder is None:
            raise IndexAway if self._pointer == LIVE else RebuildAbandoned
        return folder

    def _searcher(self) -> tantivy.Searcher:
        """A still picture of the newest commit, of whichever process."""
        with self._guard, self._away():
            for attempt in range(3):
                folder = self._folder()
                with suppress(*([FileNotFoundError, ValueError] if attempt < 2 else [])):
                    return self._loaded(folder).searcher()
                # Between reading the pointer and opening, the folder was swapped away.
            raise IndexAway

    def _loaded(self, folder: Path) -> tantivy.Index:
        meta = (folder / "meta.json").stat()
        state = (folder, meta.st_mtime_ns, meta.st_ino)
        if self._opened is None or self._opened[0] != state:
            index = _open(folder)
            index.reload()
            self._opened = (state, index)
        return self._opened[1]

    def _write_batch(self, batch: list[IndexEntry]) -> dict[str, int]:
        index = _open(self._folder())
        index.reload()
        searcher, confirmed = index.searcher(), {}
        newest = {entry.id: entry for entry in sorted(batch, key=lambda entry: entry.revision)}
        with _writer(index) as writer:
            for entry in newest.values():
                if searcher.doc_freq("id", tombstone_id(entry.dossier_id)):
                    continue
                held = _revision(searcher, entry.id)
                if held <= entry.revision:
                    writer.delete_documents_by_term("id", entry.id)
                    writer.add_document(_document(entry))
                confirmed[entry.id] = max(held, entry.revision)
        return confirmed

    def _compact(self, pointer: str, erased: frozenset[str]) -> int:
        """Copies what stays into a new generation and swaps it in. Returns the number of entries left behind."""
        old_folder, new_folder = self._generations.folder(pointer), self._generations.new_folder()
        if old_folder is None:
            return 0
        old = _open(old_folder)
        old.reload()
        searcher, removed = old.searcher(), 0
        with _writer(_created(new_folder)) as writer:
            for dossier_id in erased | _tombstones(searcher):
                writer.add_document(_tombstone(dossier_id))
            for raw in _stored(searcher):
                entry, _ = restored(raw)
                if entry.dossier_id in erased:
                    removed += 1
                else:
                    writer.add_document(_document(entry))
        self._generations.point(pointer, new_folder)
        return removed


class EmbeddedRebuild(EmbeddedIndex):
    def publish(self) -> None:
        with self._away(), self._generations.writing():
            folder, live = self._folder(), self._generations.folder(LIVE)
            if live is not None:
                self._take_over(live)
                folder = self._folder()
            self._generations.point(LIVE, folder)
            self._generations.drop(self._pointer)
            self._generations.sweep()
        self._pointer = LIVE

    def _take_over(self, live: Path) -> None:
        """What was erased while we were filled is erased from us, too, and never written again."""
        old, new = _open(live), _open(self._folder())
        old.reload()
        new.reload()
        erased, searcher = frozenset(_tombstones(old.searcher())), new.searcher()
        if any(searcher.doc_freq("dossier", dossier_id) for dossier_id in erased):
            self._compact(self._pointer, erased)
            return
        with _writer(new) as writer:
            for dossier_id in erased - _tombstones(searcher):
                writer.add_document(_tombstone(dossier_id))


def _batch(entries: Iterator[IndexEntry]) -> Iterator[IndexEntry]:
    """Few enough to be held at once: five hundred, or fewer with long texts."""
    room = BATCH_CHARACTERS
    for entry in islice(entries, BATCH):
        yield entry
        room -= len(entry.text)
        if room <= 0:
            return


@contextmanager
def _writer(index: tantivy.Index) -> Iterator[tantivy.IndexWriter]:
    """Commits at the end; merges are finished before the next writer may come."""
    writer = index.writer(heap_size=HEAP, num_threads=1)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


def _revision(searcher: tantivy.Searcher, entry_id: str) -> int:
    hits = searcher.search(Q.term_query(SCHEMA, "id", entry_id), 1, count=False).hits
    values = searcher.fast_field_values("revision", [address for _, address in hits])
    return cast(int, values[0]) if values else -1


def _tombstones(searcher: tantivy.Searcher) -> set[str]:
    found = searcher.terms_with_prefix("id", tombstone_id(""), is_one_of("kind", [ERASED]))
    return {entry_id.removeprefix(tombstone_id("")) for entry_id, _ in found}


def _stored(searcher: tantivy.Searcher) -> Iterator[bytes]:
    entries = searcher.search(is_one_of("kind", KINDS), max(1, searcher.num_docs), count=False)
    return (stored_bytes(searcher, address) for _, address in entries.hits)
