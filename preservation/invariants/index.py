"""The catalogue against the index: the same ids with the same revisions, on both engines.

Both sides are read in the order of ids and walked side by side; what differs is looked at again a moment later, for the
archive goes on working meanwhile. What the index is known to owe is the work of `index_owed`, no breach.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TryLater
from archive_service.work import Archive
from preservation.invariants.breach import PAGE, Breach
from preservation.models import Document, Dossier, DossierState, Indexed

Entry = tuple[str, int, UUID]
"""Entry id, revision, id of its dossier."""
Difference = tuple[str, int | None, Entry | None]
"""Entry id, the index's revision (None: not there), the catalogue's entry (None: not there)."""


def index_says_the_same(archive: Archive) -> Iterator[Breach]:
    """Dossiers and documents: each one there, none too much, none older."""
    try:
        differences = _differences(_catalogued(archive), archive.index.revisions())
        while batch := list(islice(differences, PAGE)):
            yield from _confirmed(archive, batch)
    except TryLater as away:
        yield Breach("index-not-checked", "index", away.en)


def _catalogued(archive: Archive) -> Iterator[Entry]:
    living = Dossier.state != DossierState.destroyed
    dossiers = select(Dossier.id, Dossier.revision, Dossier.id).where(living)
    documents = (
        select(Document.id, Dossier.revision, Dossier.id)
        .join(Dossier, Dossier.id == Document.dossier_id)
        .where(living)
    )
    streams = (_paged(archive, dossiers, Dossier.id), _paged(archive, documents, Document.id))
    return heapq.merge(*streams, key=lambda entry: entry[0])


def _paged(archive: Archive, query: Select[UUID, int, UUID], key: Any) -> Iterator[Entry]:
    after = UUID(int=0)
    while True:
        with archive.look(THE_ARCHIVE) as work:
            page = work.session.execute(query.where(key > after).order_by(key).limit(1_000)).all()
        if not page:
            return
        yield from ((str(entry_id), revision, dossier_id) for entry_id, revision, dossier_id in page)
        after = page[-1][0]


def _differences(ours: Iterator[Entry], theirs: Iterator[tuple[str, int]]) -> Iterator[Difference]:
    """
    >>> one, two = UUID(int=1), UUID(int=2)
    >>> [d[:2] for d in _differences(iter([("a", 2, one), ("b", 1, two)]), iter([("a", 1), ("c", 1)]))]
    [('a', 1), ('b', None), ('c', 1)]
    """
    mine, yours = next(ours, None), next(theirs, None)
    while mine is not None or yours is not None:
        if yours is None or (mine is not None and mine[0] < yours[0]):
            yield mine[0] if mine else "", None, mine
            mine = next(ours, None)
        elif mine is None or yours[0] < mine[0]:
            yield yours[0], yours[1], None
            yours = next(theirs, None)
        else:
            if mine[1] != yours[1]:
                yield mine[0], yours[1], mine
            mine, yours = next(ours, None), next(theirs, None)


def _confirmed(archive: Archive, batch: list[Difference]) -> Iterator[Breach]:
    ids = [entry_id for entry_id, _, _ in batch]
    now, keys = _now_in_index(archive, ids), [UUID(entry_id) for entry_id in ids]
    with archive.look(THE_ARCHIVE) as work:
        parents = select(Document.id, Document.dossier_id).where(Document.id.in_(keys))
        owner = {row.id: row.dossier_id for row in work.session.execute(parents)}
        wanted = {owner.get(key, key) for key in keys}
        dossiers = {d.id: d for d in work.session.scalars(select(Dossier).where(Dossier.id.in_(wanted)))}
        known = select(Indexed).where(Indexed.dossier_id.in_(wanted))
        indexed = {row.dossier_id: row for row in work.session.scalars(known)}
    for entry_id, key in zip(ids, keys, strict=True):
        dossier_id = owner.get(key, key)
        told = _judge(entry_id, now.get(entry_id), dossiers.get(dossier_id), indexed.get(dossier_id))
        if told is not None:
            yield told


def _now_in_index(archive: Archive, ids: list[str]) -> dict[str, int]:
    """Asked anew, from the first of them to the last: the walk may have begun before the last write."""
    wanted, found = set(ids), {}
    for entry_id, revision in archive.index.revisions(str(UUID(int=max(UUID(ids[0]).int - 1, 0)))):
        if entry_id > ids[-1]:
            break
        if entry_id in wanted:
            found[entry_id] = revision
    return found


def _judge(
    entry_id: str, revision: int | None, dossier: Dossier | None, confirmed: Indexed | None
) -> Breach | None:
    if dossier is None or dossier.state is DossierState.destroyed:
        if revision is None or (confirmed is not None and confirmed.blocked):
            return None  # blocked: hidden from every answer until its receipt
        code = "index-unknown" if dossier is None else "index-holds-destroyed"
        return Breach(code, entry_id, str(revision))
    owed = confirmed is None or confirmed.revision < dossier.revision
    if owed or revision == dossier.revision:
        return None
    if revision is None:
        return Breach("index-lacks", entry_id, "", str(dossier.revision))
    return Breach("index-behind", entry_id, str(revision), str(dossier.revision))
