"""Rebuild and restore, rehearsed."""

from __future__ import annotations

from archive_service.backup.checks import NEWEST, find_set
from archive_service.backup.cipher import read_identities
from archive_service.backup.drill import drill_rebuild, drill_restore
from archive_service.backup.models import Drill
from archive_service.backup.papers import DRILLS, drill_minutes
from archive_service.cli.backups import Identity, Medium, Pdf, Set, write_new
from archive_service.cli.frame import AsJson, both, group, opened, report, require_path
from archive_service.kernel.actors import OPERATOR

drill = group("drill", "Rebuild and restore, rehearsed in a scratch place.")


@drill.command("rebuild")
def rehearse_rebuild(minutes: Pdf = None, as_json: AsJson = False) -> None:
    """Rebuild the catalogue in a scratch place and compare it row for row. Exit code 1 when something differs."""
    with opened() as archive:
        found = drill_rebuild(archive, OPERATOR)
        if minutes is not None:
            write_new(minutes, drill_minutes(archive, found))
    _tell(found, as_json)


@drill.command("restore")
def rehearse_restore(
    identity: Identity,
    wanted: Set = NEWEST,
    medium: Medium = None,
    minutes: Pdf = None,
    as_json: AsJson = False,
) -> None:
    """Restore a set in a scratch place with the escrowed key and read a record by it. Exit code 1 when it fails."""
    require_path(identity)
    identities = read_identities(identity)
    with opened() as archive:
        store, where, set_id = find_set(archive, wanted, medium)
        found = drill_restore(archive, OPERATOR, store, where, set_id, identities)
        if minutes is not None:
            write_new(minutes, drill_minutes(archive, found))
    _tell(found, as_json)


def _tell(found: Drill, as_json: bool) -> None:
    told = {"kind": found.kind.value, "passed": found.passed, **found.report}
    canary = found.report.get("canary", {})
    lines = [
        both(
            f"Diễn tập · {DRILLS[found.kind]}: {'đạt' if found.passed else 'KHÔNG đạt'}, "
            f"{found.report['seconds']:.1f} giây, {found.report.get('rows', 0)} dòng.",
            f"Drill {found.kind.value}: {'passed' if found.passed else 'FAILED'}, {found.report['seconds']:.1f} s, "
            f"{found.report.get('rows', 0)} rows.",
        ),
        both("Hồ sơ thử", "Canary") + f": {canary.get('dossier')} {canary.get('fault') or 'OK'}",
        *(f"  {each}" for each in found.report.get("differences", [])),
    ]
    report(told, lines, as_json=as_json, good=found.passed)
