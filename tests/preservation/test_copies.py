"""One lease of a copy for all who read or write it: kept while its holder lives, free soon after the holder died."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import SystemClock
from archive_service.kernel.errors import Conflict, TryLater
from archive_service.work import Archive
from archive_service.worker import drain
from preservation import copies
from preservation.aips.amend import amend
from preservation.aips.erase import erase
from preservation.audits.restore import restore_copy
from preservation.copies import LEASE, beating, claim_copy, held_copy, holding
from preservation.models import Copy, CopyState
from preservation.replication.replicas import make_copy
from tests.archives import House, make_house
from tests.preservation.aips.test_amend import retitle
from tests.preservation.dossiers import audit, dossier_of, keep, states

HOLDER = """
import sys, time
from pathlib import Path
from uuid import UUID
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from preservation.copies import holding
archive = Archive(Settings(data=Path(sys.argv[1]), database=sys.argv[2]))
with holding(archive, UUID(sys.argv[3]), "ban-sao"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    database = "" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    house = make_house(tmp_path, database=database)
    yield house
    house.archive.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 0.2)


def row(archive: Archive, dossier_id: UUID) -> Copy:
    with archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Copy, (dossier_id, "ban-sao"))


def test_of_many_who_want_a_copy_one_has_it(either: House) -> None:
    dossier_id = keep(either)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: claim_copy(either.archive, dossier_id, "ban-sao"), range(16)))
    assert len([lease for lease in won if lease]) == 1


def test_a_process_killed_while_it_held_a_copy_keeps_it_for_one_lease_only(either: House) -> None:
    """Two processes, kill −9: the copy is in other hands until the lease ends, and free from then on."""
    dossier_id = keep(either)
    settings = either.archive.settings
    command = [sys.executable, "-c", HOLDER, str(settings.data), settings.database, str(dossier_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        either.clock.set(SystemClock().now())
        with (
            pytest.raises(TryLater, match="being written or read"),
            holding(either.archive, dossier_id, "ban-sao"),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
    assert claim_copy(either.archive, dossier_id, "ban-sao") is None
    either.clock.advance(seconds=LEASE.total_seconds() + 1)
    with holding(either.archive, dossier_id, "ban-sao"):
        pass


def test_a_lease_is_renewed_for_as_long_as_the_work_takes(
    either: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "BEAT_SECONDS", 0.05)
    dossier_id = keep(either)
    lease = claim_copy(either.archive, dossier_id, "ban-sao")
    assert lease
    with beating(either.archive, dossier_id, "ban-sao", lease):
        for _ in range(3):
            either.clock.advance(seconds=90)
            end, now = time.monotonic() + 10, either.clock.now()
            while (row(either.archive, dossier_id).lease_until or now) < now + timedelta(seconds=100):
                assert time.monotonic() < end, "not renewed"
                time.sleep(0.02)
            assert claim_copy(either.archive, dossier_id, "ban-sao") is None


def test_a_holder_whose_lease_ended_settles_nothing(house: House) -> None:
    dossier_id = keep(house)
    late = claim_copy(house.archive, dossier_id, "ban-sao")
    house.clock.advance(minutes=3)
    new = claim_copy(house.archive, dossier_id, "ban-sao")
    assert late and new
    with house.archive.work(THE_ARCHIVE) as work:
        assert held_copy(work, dossier_id, "ban-sao", late) is None
        assert held_copy(work, dossier_id, "ban-sao", new) is not None


def test_whoever_writes_or_reads_leaves_a_copy_in_other_hands_alone(house: House) -> None:
    dossier_id = keep(house)
    with holding(house.archive, dossier_id, "ban-sao"):
        assert audit(house).checked == 1
        with pytest.raises(Conflict, match="being checked or restored"):
            restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
        with pytest.raises(TryLater, match="in use"):
            amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
        assert dossier_of(house.archive, dossier_id).version == 1
    house.clock.advance(hours=1)
    drain(house.archive)  # the amendment was only put off
    assert dossier_of(house.archive, dossier_id).version == 2
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Copy, (dossier_id, "ban-sao")).state = CopyState.owed
    with holding(house.archive, dossier_id, "ban-sao"):
        with pytest.raises(TryLater):
            make_copy(house.archive, str(dossier_id), "ban-sao")
        assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
        assert states(house.archive, dossier_id) == {"ban-sao": CopyState.owed}
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)
