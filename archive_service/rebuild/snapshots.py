"""Which tables travel in which system object, and so how every `rebuilt` table comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import Base
from archive_service.work import Archive
from preservation.incidents.audit_papers import every_paper, load_audit_paper
from preservation.system.objects import (
    DESTRUCTION_TABLES,
    ORGANISATION,
    PEOPLE,
    Snapshot,
    rows_of,
    write_system_objects,
)
from preservation.watch_models import AuditPaper, Incident, IncidentReport
from retention.destruction.papers import list_papers, load_paper
from retention.models import DestructionEntry, DestructionList, Hold


def _papers(archive: Archive) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with archive.look(THE_ARCHIVE) as work:
        papers = list(list_papers(work))
    for paper in papers:
        yield paper.sha256, partial(load_paper, archive, paper)


def _audit_papers(archive: Archive) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with archive.look(THE_ARCHIVE) as work:
        papers = list(every_paper(work))
    for paper in papers:
        yield paper.sha256, partial(load_audit_paper, archive, paper)


HOLDS = Snapshot("holds", {"hold": rows_of(Hold)})
DESTRUCTION = Snapshot(
    "destruction",
    {
        **DESTRUCTION_TABLES,
        "destruction_list": rows_of(DestructionList),
        "destruction_entry": rows_of(DestructionEntry),
    },
    _papers,
)
INCIDENTS = Snapshot(
    "incidents",
    {each.__tablename__: rows_of(each) for each in (Incident, IncidentReport, AuditPaper)},
    _audit_papers,
)
SNAPSHOTS = (ORGANISATION, PEOPLE, HOLDS, DESTRUCTION, INCIDENTS)

FROM_AIPS, FROM_LOG, RECKONED = "AIPs", "log", "reckoned"
#: Table → where a rebuild takes it from. A `rebuilt` table that is not named here fails a test.
COMES_FROM: dict[str, str] = {
    **{table: snapshot.kind for snapshot in SNAPSHOTS for table in snapshot.tables},
    **dict.fromkeys(("dossier", "document", "file_object", "signature"), FROM_AIPS),
    "log_entry": FROM_LOG,
    # The same facts and rules give the same row; exporting one for every dossier each time would not end.
    "assessment": RECKONED,
}
#: Of the snapshots, what is no table: ids of dossiers on a list.
NO_TABLE = frozenset({"listed_dossier"})


def keep_system_objects(archive: Archive, *, now: bool = False) -> list[str]:
    """Job: `write_system_objects` with the tables of every room."""
    return write_system_objects(archive, SNAPSHOTS, now=now)


def models() -> dict[str, type[Base]]:
    """Table name → model, of every table there is."""
    return {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]


def undeclared(found: dict[str, type[Base]]) -> list[str]:
    """Tables that do not say for themselves whether a rebuild brings them back, or that none would bring back."""
    return sorted(
        name
        for name, model in found.items()
        if vars(model).get("kept") not in ("rebuilt", "operational")
        or (model.kept == "rebuilt") != (name in COMES_FROM)
    )
