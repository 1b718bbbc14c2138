"""Drills tell whether a rebuild and a restore would work today; and whether they are owed."""

from __future__ import annotations

from sqlalchemy import select, update

from archive_service.backup.checks import find_set
from archive_service.backup.drill import drill_rebuild, drill_restore
from archive_service.backup.duties import duties, duties_run
from archive_service.backup.models import Drill
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.worker import drain
from preservation.models import Dossier, DossierState, FileObject
from preservation.watch_models import Incident
from tests.archives import House
from tests.backup.conftest import Safe
from tests.preservation.dossiers import keep


def rehearse(safe: Safe) -> Drill:
    store, medium, set_id = find_set(safe.archive, "newest", None)
    return drill_restore(safe.archive, OPERATOR, store, medium, set_id, safe.identities)


def owed(house: House) -> set[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        return {duty.code for duty in duties(work)}


def test_a_rebuild_drill_compares_every_row_and_a_record_comes_back(safe: Safe) -> None:
    found = drill_rebuild(safe.archive, OPERATOR)
    assert found.passed, found.report
    assert (found.report["dossiers"], found.report["canary"]["fault"]) == (3, "")
    assert found.report["rows"] > 50 and not list(safe.archive.settings.data.glob("scratch/tmp*"))


def test_a_rebuild_drill_tells_what_storage_does_not_say(safe: Safe) -> None:
    with safe.archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(Dossier).values(title="Sửa tay trong cơ sở dữ liệu"))
    found = drill_rebuild(safe.archive, OPERATOR)
    assert not found.passed
    assert any(line.endswith(": title") for line in found.report["differences"])


def test_a_rebuild_drill_changes_nothing_in_service(safe: Safe) -> None:
    before = safe.archive.index.count()
    drill_rebuild(safe.archive, OPERATOR)
    assert safe.archive.index.count() == before
    assert owed(safe.house) <= {"one-device", "backup-late"}


def test_a_restore_drill_opens_a_set_with_the_escrowed_key_and_reads_a_record(safe: Safe) -> None:
    safe.run()
    found = rehearse(safe)
    assert found.passed, found.report
    assert found.report["canary"]["files"] > 0


def test_a_record_that_does_not_come_back_fails_the_drill(safe: Safe) -> None:
    """The catalogue that was backed up has other digests than the bytes in the roots."""
    with safe.archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(FileObject).values(sha256="0" * 64))
    safe.run()
    found = rehearse(safe)
    assert not found.passed and "changed" in found.report["canary"]["fault"]


def test_drills_are_due_every_quarter_and_a_failed_one_is_none(safe: Safe) -> None:
    safe.run()
    safe.house.clock.advance(days=93)
    assert {"drill-rebuild", "drill-restore", "backup-late", "full-late"} <= owed(safe.house)
    drill_rebuild(safe.archive, OPERATOR)
    assert "drill-rebuild" not in owed(safe.house)
    duties_run(safe.archive)
    with safe.archive.look(THE_ARCHIVE) as work:
        told = work.session.scalars(select(Incident.path).where(Incident.kind == "duty-owed")).all()
    assert "drill-restore" in told and "one-device dia-b" not in told
    with safe.archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(Drill).values(passed=False))
    assert "drill-rebuild" in owed(safe.house)


def test_a_medium_of_three_years_is_told(safe: Safe) -> None:
    safe.run()
    safe.house.clock.advance(days=3 * 365 + 1)
    safe.run()
    assert {"medium-old"} <= owed(safe.house)


def test_a_set_that_outlives_a_destruction_is_told(safe: Safe) -> None:
    safe.house.clock.advance(days=-30)  # before the certificate of the past
    safe.run()
    safe.house.clock.advance(days=130)
    assert "remains-kept" in owed(safe.house)


def test_without_any_medium_it_is_told_and_no_job_fails(house: House) -> None:
    from archive_service.backup.run import backup_run

    assert backup_run(house.archive) is None
    assert "no-backup" in owed(house)


def test_on_postgresql_the_rebuild_drill_says_the_same(served: House) -> None:
    keep(served)
    drain(served.archive)
    found = drill_rebuild(served.archive, OPERATOR)
    assert found.passed, found.report


def test_a_destroyed_record_is_no_canary(safe: Safe) -> None:
    from archive_service.backup.drill import _choose

    with safe.archive.work(THE_ARCHIVE) as work:
        work.session.execute(
            update(Dossier).where(Dossier.id != safe.past.plain).values(state=DossierState.destroyed)
        )
    assert {_choose(safe.archive) for _ in range(5)} == {safe.past.plain}
