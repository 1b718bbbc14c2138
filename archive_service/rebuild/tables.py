"""The tables that travel in system objects, back in the order in which foreign keys let them in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import Base
from archive_service.kernel.rows import Plain, restore_rows, table_of
from archive_service.rebuild.found import Found, NotReadable, Stores, fetch, find_object
from archive_service.rebuild.report import Progress, RebuildReport
from archive_service.rebuild.snapshots import DESTRUCTION, HOLDS, INCIDENTS, models
from archive_service.work import Archive, Work
from preservation.incidents.audit_papers import every_paper
from preservation.models import Dossier, DossierState, KeptPaper, SystemObject
from preservation.system.objects import LOG, ORGANISATION, PEOPLE, Snapshot, segment_range
from preservation.system.store import SYSTEM
from preservation.watch_models import AuditPaper
from retention.after_rebuild import restart_executions, restore_assessments
from retention.destruction.papers import Paper, list_papers

Tables = dict[str, Path]
BATCH = 500
WITH_PAPERS = frozenset({DESTRUCTION.kind, INCIDENTS.kind})


@dataclass(frozen=True, slots=True)
class SystemFound:
    """A system object by its name, e.g. `holds-2026-03`."""

    name: str
    found: Found

    @property
    def kind(self) -> str:
        return re.sub(r"-\d{4}-\d{2}(-\d+)?$", "", self.name)

    @property
    def written_at(self) -> datetime:
        return datetime.fromisoformat(self.found.inventory.versions[-1].created)


def read_system_objects(stores: Stores, ids: Sequence[str]) -> list[SystemFound]:
    objects = ((each.removeprefix(SYSTEM), find_object(stores, each)) for each in ids)
    return [SystemFound(name, found) for name, found in objects if found is not None]


def newest(system: list[SystemFound], kind: str) -> SystemFound | None:
    return max((each for each in system if each.kind == kind), key=lambda e: e.written_at, default=None)


def fetch_tables(system: list[SystemFound], folder: Path, report: RebuildReport) -> Tables:
    """The files of all tables, by their names."""
    tables: Tables = {}
    for snapshot in (ORGANISATION, PEOPLE, HOLDS, DESTRUCTION, INCIDENTS):
        tables |= _fetch_tables(snapshot, newest(system, snapshot.kind), folder, report)
    return tables


def bring_organisation(
    target: Archive, tables: Tables, system: list[SystemFound], report: RebuildReport
) -> None:
    """Agencies, units, fonds, people and their grants, then tombstones."""
    for table in (*ORGANISATION.tables, *PEOPLE.tables, "dossier"):
        _bring(target, tables, table, report)
    _note_papers(target, system)


def _fetch_tables(
    snapshot: Snapshot, found: SystemFound | None, folder: Path, report: RebuildReport
) -> Tables:
    tables: Tables = {}
    if found is None:  # an archive that never had any
        return tables
    for table in snapshot.tables:
        try:
            tables[table] = fetch(found.found, f"{table}.jsonl", folder / f"{table}.jsonl")
        except NotReadable as error:
            report.miss(str(error))
    return tables


def _lines(path: Path | None) -> Iterator[Plain]:
    if path is not None:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def _bring(target: Archive, tables: Tables, table: str, report: RebuildReport) -> None:
    lines, count, model = _lines(tables.get(table)), 0, models()[table]
    with target.work(OPERATOR) as work:
        # Whole tables in one transaction: a row may point to a later one of its table.
        whole = (row for page in _pages(lines) for row in _with_parents(work, table, page, report))
        count = restore_rows(work.session, model, whole)
    report.rows[table] = count


def _pages(lines: Iterator[Plain]) -> Iterator[list[Plain]]:
    while page := list(islice(lines, BATCH)):
        yield page


def _with_parents(work: Work, table: str, rows: list[Plain], report: RebuildReport) -> list[Plain]:
    """Those whose dossier, person or list is there; one that could not be read must not hold back all others."""
    lost: set[int] = set()
    for column in table_of(models()[table]).columns:
        for parent in (key.column for key in column.foreign_keys if key.column.table.name != table):
            wanted = {UUID(row[column.key]) for row in rows if row[column.key] is not None}
            there = {str(key) for key in work.session.scalars(select(parent).where(parent.in_(wanted)))}
            lost |= {n for n, row in enumerate(rows) if row[column.key] and row[column.key] not in there}
    report.unreadable += [
        f"{table} {rows[n].get('id', '')}: what it belongs to is missing" for n in sorted(lost)
    ]
    return [row for n, row in enumerate(rows) if n not in lost]


def _note_papers(target: Archive, system: list[SystemFound]) -> None:
    """Notes where each paper lies; their bytes come back to staging when the lists that name them are in."""
    with target.work(OPERATOR) as work:
        for each in system:
            for path in each.found.inventory.files() if each.kind in WITH_PAPERS else ():
                if path.startswith("papers/"):
                    work.session.merge(KeptPaper(sha256=path.removeprefix("papers/"), name=each.name))


def bring_acts(
    target: Archive, tables: Tables, system: list[SystemFound], folder: Path, report: RebuildReport
) -> None:
    """Holds, lists, entries and receipts, once every dossier is in; then the papers that the lists name."""
    with target.work(OPERATOR) as work:
        for listed in _lines(tables.get("listed_dossier")):
            chosen = update(Dossier).where(
                Dossier.id == UUID(listed["id"]), Dossier.state == DossierState.stored
            )
            work.session.execute(chosen.values(state=DossierState.destruction_review))
    for table in _acts():
        _bring(target, tables, table, report)
    _bring_back_papers(target, {each.name: each for each in system}, folder, report)
    with target.work(OPERATOR) as work:
        restart_executions(work)


def _acts() -> list[str]:
    """Every table of these snapshots, parents first; tombstones came before the dossiers, see `bring_organisation`."""
    named = {*HOLDS.tables, *DESTRUCTION.tables, *INCIDENTS.tables} - {"dossier"}
    return [table.name for table in Base.metadata.sorted_tables if table.name in named]


def _bring_back_papers(
    target: Archive, system: dict[str, SystemFound], folder: Path, report: RebuildReport
) -> None:
    with target.look(OPERATOR) as work:
        papers: list[Paper | AuditPaper] = [*list_papers(work), *every_paper(work)]
        named = [(paper, work.session.get(KeptPaper, paper.sha256)) for paper in papers]
    for paper, kept in named:
        if target.staging.stat(paper.key) is not None:
            continue
        try:
            if kept is None:
                raise NotReadable(paper.key)
            path = fetch(system[kept.name].found, f"papers/{paper.sha256}", folder / "paper")
            target.staging.put(paper.key, path)
        except NotReadable as error:
            report.miss(str(error))


def bring_assessments(target: Archive, report: RebuildReport, progress: Progress) -> None:
    """Reckoned again: the same facts under the same rules give the same term and the same reasons."""
    done, after = 0, UUID(int=0)
    while True:
        with target.work(OPERATOR) as work:
            ids = work.session.scalars(
                select(Dossier.id)
                .where(Dossier.id > after, Dossier.state != DossierState.destroyed)
                .order_by(Dossier.id)
                .limit(BATCH)
            ).all()
            restore_assessments(work, ids)
        if not ids:
            return
        done, after = done + len(ids), ids[-1]
        progress("terms", done, report.dossiers)


def bring_system_rows(target: Archive, system: list[SystemFound]) -> None:
    """What is known of the system objects, so that the next ones go on from them; due for a check at once."""
    with target.work(OPERATOR) as work:
        now = work.now()
        for each in system:
            upto = [segment_range(path)[1] for path in each.found.inventory.files() if each.kind == LOG]
            work.session.add(
                SystemObject(
                    name=each.name,
                    kind=each.kind,
                    version=each.found.inventory.head,
                    inventory_digest=hashlib.sha512(each.found.data).hexdigest(),
                    roots=sorted(each.found.agreeing),
                    upto=max(upto, default=0),
                    written_at=each.written_at,
                    next_check=now,
                )
            )
