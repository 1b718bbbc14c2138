"""The part of `/fixity` that tells of backups and drills: when the last good ones were, and what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archive_service.backup.catalogue import good_sets
from archive_service.backup.drill import list_drills
from archive_service.backup.duties import Duty, duties, last_passed
from archive_service.backup.models import BackupKind, DrillKind
from archive_service.web.sentences import Sentences
from archive_service.web.texts import when_text
from archive_service.work import Work


@dataclass(frozen=True, slots=True)
class Backups:
    """`owed`: a sentence for each duty that waits. `facts`: (name, value)."""

    owed: list[str]
    facts: list[tuple[str, str]]


def backups(work: Work, t: Sentences) -> Backups:
    facts = []
    for medium in work.settings.backup:
        good = good_sets(work, medium.id)
        full = next((row for row in good if row.kind is BackupKind.full), None)
        told = t("backup.never")
        if good:
            told = t("backup.newest", at=when_text(good[0].began_at), n=len(good))
            told += " " + (t("backup.full", at=when_text(full.began_at)) if full else "")
        facts.append((t("backup.medium", medium=medium.label or medium.id), told.strip()))
    tried = list_drills(work)
    for kind in DrillKind:
        passed, last = last_passed(work, kind), next((each for each in tried if each.kind is kind), None)
        told = t("backup.drill_never")
        if passed is not None:
            seconds = round(float(passed.report.get("seconds", 0)))
            told = t("backup.drill_done", at=when_text(passed.finished_at), seconds=seconds)
        if last is not None and not last.passed:
            told = t("backup.drill_failed", at=when_text(last.finished_at))
        facts.append((t(f"backup.drill_{kind.value}"), told))
    labels = {medium.id: medium.label or medium.id for medium in work.settings.backup}
    return Backups([_sentence(each, labels, t) for each in duties(work)], facts)


def _sentence(duty: Duty, labels: Mapping[str, str], t: Sentences) -> str:
    """`labels`: a medium's name for people by its id, which a subject begins with where it tells of one."""
    first, *rest = duty.subject.split(" ", 1)
    subject, since = " ".join([labels.get(first, first), *rest]), when_text(duty.since) if duty.since else ""
    return t(f"backup.owed_{duty.code.replace('-', '_')}", subject=subject, since=since)
