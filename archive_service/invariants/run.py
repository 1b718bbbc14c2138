"""All checks in their order. Each room brings its own; here they are put together, bounded and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from archive_service.initialise import TIMETABLES
from archive_service.invariants.words import words_of
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.db import Base, open_engine
from archive_service.kernel.events import Verb
from archive_service.rebuild.compare import compare
from archive_service.work import Archive
from ingest.invariants import dossiers_come_from_one_submission, submissions_lead_somewhere
from ingest.models import Sip
from preservation.incidents.register import open_incident
from preservation.invariants.breach import Breach, Check
from preservation.invariants.index import index_says_the_same
from preservation.invariants.rows import counts_agree, jobs_have_their_subjects, log_is_whole
from preservation.invariants.storage import (
    copies_are_there,
    objects_are_known,
    roots_answer,
    system_objects_are_there,
)
from preservation.models import Dossier
from preservation.roots.markers import anchors_outside
from retention.invariants import certificates_are_true, papers_are_there, receipts_are_true
from retention.models import DestructionList

#: Kind of job → what its subject's id names.
SUBJECTS: dict[str, type[Base]] = {
    "process_sip": Sip,
    "store_sip": Sip,
    "erase_staged": Sip,
    "index_dossier": Dossier,
    "make_copy": Dossier,
    "note_repair": Dossier,
    "amend_dossier": Dossier,
    "assess_dossier": Dossier,
    "execute_destruction": DestructionList,
}
KINDS = frozenset({*SUBJECTS, *TIMETABLES, "repair_copies", "send_alarms"})

CHECKS: tuple[tuple[str, Check], ...] = (
    ("roots", roots_answer),
    ("copies", copies_are_there),
    ("objects", objects_are_known),
    ("system-objects", system_objects_are_there),
    ("counts", counts_agree),
    ("index", index_says_the_same),
    ("jobs", partial(jobs_have_their_subjects, subjects=SUBJECTS, kinds=KINDS)),
    ("submissions", submissions_lead_somewhere),
    ("origins", dossiers_come_from_one_submission),
    ("certificates", certificates_are_true),
    ("receipts", receipts_are_true),
    ("papers", papers_are_there),
    ("log", log_is_whole),
)
MOST = 1_000
"""Breaches told of one check; more of them are more of the same, and the memory stays flat."""
MOST_INCIDENTS = 20
"""Incidents that one check may open in a night."""


@dataclass(slots=True)
class Report:
    """`counts`: check → how many breaches (at most `MOST`); `breaches`: those that are told one by one."""

    counts: dict[str, int] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.breaches


def walk(
    archive: Archive, checks: Iterable[tuple[str, Check]] = CHECKS, most: int = MOST
) -> Iterator[tuple[str, Breach | None]]:
    """Every breach as it is found, with its check; `None` ends a check."""
    for name, check in checks:
        for number, breach in enumerate(check(archive), 1):
            yield name, breach
            if number == most:
                break
        yield name, None


def rows_agree(archive: Archive, against: str) -> Iterator[Breach]:
    """Another catalogue of the same archive (rebuilt, restored), row for row over all that a rebuild brings back.

    Of the log up to the newest anchor: after it each of the two goes on by itself.
    """
    other = open_engine(against)
    anchored = max((each.number for each in anchors_outside(archive)), default=0)
    try:
        for found in compare(archive.engine, other):
            if found.table == "log_entry" and found.key[0] > anchored:
                continue
            subject = " ".join((found.table, *map(str, found.key), found.column)).strip()
            yield Breach("row-differs", subject, _plain(found.new), _plain(found.old))
    finally:
        other.dispose()


def _plain(value: Any) -> str:
    """A value, or the key of a row that one of the two lacks, as a person reads it."""
    if value is None:
        return "–"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)[:200]


def check_invariants(archive: Archive, actor: Actor, against: str | None = None) -> Report:
    """Holds every place against the others; changes nothing but the log, where the run and its outcome stand.

    `against`: URL of another catalogue that is compared row for row, too.
    """
    report, checks = Report(), list(CHECKS)
    if against is not None:
        checks.append(("rows", partial(rows_agree, against=against)))
    for name, breach in walk(archive, checks):
        report.counts.setdefault(name, 0)
        if breach is not None:
            report.counts[name] += 1
            report.breaches.append(breach)
    with archive.work(actor) as work:
        outcome = "success" if report.whole else "failure"
        work.record_of(Verb.invariants_checked, "archive", None, outcome=outcome, found=report.counts)
    return report


def invariants_run(archive: Archive) -> Report:
    """Job, nightly: an incident for each breach that is not open as one already."""
    report, opened = check_invariants(archive, THE_ARCHIVE), dict[str, int]()
    with archive.work(THE_ARCHIVE) as work:
        for breach in report.breaches:
            if opened.setdefault(breach.code, 0) < MOST_INCIDENTS:
                opened[breach.code] += open_incident(
                    work,
                    "invariant",
                    path=f"{breach.code}: {breach.subject}",
                    found=breach.found or words_of(breach.code).wrong_vi,
                    expected=breach.expected,
                )
    return report
