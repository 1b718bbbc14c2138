"""Audit, amendment and system objects do on PostgreSQL what they do on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

import preservation.aips.erase
from archive_service.accounts.oversight import list_log
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job, claim
from archive_service.rebuild.snapshots import keep_system_objects
from preservation.aips.amend import amend
from preservation.aips.erase import erase
from preservation.audits.coverage import coverage
from preservation.audits.restore import restore_copy
from preservation.copies import claim_copy
from preservation.leases import alone
from preservation.models import ErasureReceipt
from preservation.signatures.again import signatures_run
from tests.archives import House, make_house
from tests.preservation.aips.test_amend import retitle
from tests.preservation.dossiers import audit, content, dossier_of, flip, incidents, keep


@pytest.fixture
def served(tmp_path: Path, fresh_postgres: str) -> Iterator[House]:
    house = make_house(tmp_path, database=fresh_postgres)
    yield house
    house.archive.close()


def test_a_fault_is_found_told_and_made_good(served: House) -> None:
    dossier_id = keep(served)
    flip(content(served, dossier_id))
    assert (audit(served).faults, audit(served).faults, len(incidents(served.archive))) == (1, 1, 1)
    restore_copy(served.archive, served.actor("auditor"), dossier_id, "ban-sao")
    assert audit(served).faults == 0
    with served.archive.look(served.actor("auditor")) as work:
        assert (coverage(work).copies, coverage(work).checked) == (2, 2)


def test_versions_and_system_objects_are_written(served: House) -> None:
    dossier_id = keep(served)
    assert amend(served.archive, dossier_id, retitle, "Sửa tiêu đề")
    assert dossier_of(served.archive, dossier_id).version == 2
    assert len(keep_system_objects(served.archive)) == 6
    assert signatures_run(served.archive).run_id is not None


def test_nobody_has_the_same_thing_twice(served: House) -> None:
    dossier_id = keep(served)
    assert claim_copy(served.archive, dossier_id, "ban-sao")
    assert claim_copy(served.archive, dossier_id, "ban-sao") is None
    with alone(served.archive, "x") as first, alone(served.archive, "x") as second:
        assert (first, second) == (True, False)


def test_the_database_reports_nothing_gone_while_somebody_may_still_read_it(
    served: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VACUUM leaves what a snapshot from before may still see, a dump for one, and says nothing of it."""
    monkeypatch.setattr(preservation.aips.erase, "PATIENCE_SECONDS", 0.3)
    dossier_id = keep(served)
    snapshot = served.archive.engine.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as dump:
        dump.execute(text("SELECT subject FROM document"))
        assert not erase(served.archive, dossier_id, ground="expired", entry_id=None)
        with served.archive.look(THE_ARCHIVE) as work:
            owed = work.session.scalars(select(ErasureReceipt.place).where(ErasureReceipt.gone_at.is_(None)))
            assert owed.all() == ["database"]
    assert erase(served.archive, dossier_id, ground="expired", entry_id=None)


def test_a_filter_that_the_database_would_refuse_finds_nothing(served: House) -> None:
    keep(served)
    with served.archive.look(served.actor("auditor")) as work:
        assert list_log(work, b"secret", subject="\0").items == []


def test_waiting_work_is_not_begun_before_what_was_owed_to_it_is_there(served: House) -> None:
    """A worker that took it in between would see nothing of what is being committed, and no other job would come."""
    with served.archive.work(THE_ARCHIVE) as work:
        work.session.execute(delete(Job))
        job_id = work.later("assess_owed")
    with ThreadPoolExecutor(1) as pool, served.archive.work(THE_ARCHIVE) as work:
        work.owe("assess_owed")
        assert work.new_jobs == []
        begun = pool.submit(begin, served, job_id)
        assert wait([begun], timeout=0.5).done == set()
    assert begun.result()


def begin(served: House, job_id: UUID) -> bool:
    with served.archive.work(THE_ARCHIVE) as work:
        return claim(work.session, job_id, work.now()) is not None
