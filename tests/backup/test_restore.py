"""A restore brings back what was backed up, or nothing; and says what storage holds beyond it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import select

from archive_service.accounts.signin import sign_in
from archive_service.backup.checks import backup_check, check_set, find_set
from archive_service.backup.cipher import WrongKey
from archive_service.backup.media import open_medium
from archive_service.backup.models import BackupSet, BackupState
from archive_service.backup.restore import BackupDamaged, RestoreReport, restore
from archive_service.backup.run import RunReport, run_backup
from archive_service.invariants import check_invariants
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.state import archive_state
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.rebuild.swap import fold
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.roots.markers import require_roots
from preservation.system.objects import anchor
from preservation.system.store import system_id
from preservation.watch_models import Incident
from tests.archives import House
from tests.backup.conftest import IDENTITY, Safe
from tests.preservation.dossiers import flip, keep


def bring(safe: Safe, report: RunReport, identities: list[Any] | None = None, **more: Any) -> RestoreReport:
    store, medium, set_id = find_set(safe.archive, report.set_id, "dia-a")
    return restore(
        safe.archive, store, medium, set_id, safe.identities if identities is None else identities, **more
    )


def lose(safe: Safe) -> Path:
    """The database is lost; returns where a copy for comparing lies."""
    file = safe.archive.settings.data / "archive.db"
    safe.archive.engine.dispose()
    fold(file)
    return file.rename(file.with_name("lost.db"))


def test_the_database_comes_back_row_for_row(safe: Safe) -> None:
    report = safe.run()
    lost = lose(safe)
    brought = bring(safe, report)
    assert not brought.newer, brought.newer
    old = open_engine(f"sqlite:///{lost}")
    found = [
        each
        for each in compare(old, safe.archive.engine)
        if each.table != "log_entry" or each.key[0] <= brought.log_number
    ]
    old.dispose()
    assert found == []


def test_afterwards_the_archive_works_and_every_place_says_the_same(safe: Safe) -> None:
    report = safe.run()
    lose(safe)
    bring(safe, report)
    require_roots(safe.archive)
    drain(safe.archive)
    assert check_invariants(safe.archive, OPERATOR).breaches == []
    assert sign_in(safe.archive, "quantri", "Mat-khau-1")
    with safe.archive.look(THE_ARCHIVE) as work:
        assert archive_state(work.session).destruction_locked
        states = set(work.session.scalars(select(BackupSet.state)))
    assert states == {BackupState.good}


def test_what_storage_holds_beyond_the_backup_is_told_and_nothing_is_written(safe: Safe) -> None:
    report = safe.run()
    safe.house.clock.advance(hours=1)
    new = keep(safe.house, 9)
    anchor(safe.archive)
    lose(safe)
    brought = bring(safe, report)
    assert (brought.newer.stored, brought.newer.epochs) == (1, 1)
    assert brought.newer.log_entries > 0 and brought.newer.examples == [f"urn:uuid:{new}"]
    with safe.archive.look(THE_ARCHIVE) as work:
        assert not archive_state(work.session).destruction_locked
    with pytest.raises(NotPossible) as refused:
        require_roots(safe.archive)
    assert refused.value.name == "old-database"


@pytest.mark.parametrize("missed", [0, 1])
def test_what_was_written_to_storage_between_two_anchors_is_newer_too(safe: Safe, missed: int) -> None:
    """The log in storage goes beyond the backup: a restored log that went on by itself would part from it for good.

    `missed`: anchors that the database made while no root was there to take them.
    """
    drain(safe.archive)
    with safe.archive.work(THE_ARCHIVE) as work:
        archive_state(work.session).epoch += missed
    report = safe.run()
    keep_system_objects(safe.archive, now=True)
    lose(safe)
    brought = bring(safe, report)
    assert brought.newer.epochs == 0 and brought.newer.system > 0 and brought.newer.log_entries > 0
    assert any(each.startswith(system_id("log-")) for each in brought.newer.examples)
    with pytest.raises(NotPossible) as refused:
        require_roots(safe.archive)
    assert refused.value.name == "old-database"


def test_a_living_archive_is_never_restored_over(safe: Safe) -> None:
    report = safe.run()
    with pytest.raises(NotPossible) as refused:
        bring(safe, report)
    assert refused.value.name == "target-not-empty"


def test_the_wrong_key_is_refused_and_leaves_nothing(safe: Safe) -> None:
    report = safe.run()
    lose(safe)
    with pytest.raises(WrongKey):
        bring(safe, report, [x25519.Identity.generate()])
    assert list(safe.archive.settings.data.glob("archive.db*")) == []


@pytest.mark.parametrize("part", ["database.age", "facts.json.age", "metadata.xml.gz.age", "manifest.json"])
def test_a_flipped_bit_is_found_at_restore_and_nothing_comes_back(safe: Safe, part: str) -> None:
    report = safe.run()
    lose(safe)
    path = safe.part(report, part)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BackupDamaged):
        bring(safe, report)
    assert list(safe.archive.settings.data.glob("archive.db*")) == []
    store, medium, set_id = find_set(safe.archive, report.set_id, "dia-b")
    assert restore(safe.archive, store, medium, set_id, safe.identities).rows["dossier"] == 4


def test_a_flipped_bit_is_found_by_the_weekly_check_and_is_an_incident(safe: Safe) -> None:
    report = safe.run()
    flip(safe.part(report, "software.tar.gz.age", "dia-b"))
    faulty = [each for each in backup_check(safe.archive) if each.faults]
    assert [(each.medium_id, each.set_id) for each in faulty] == [("dia-b", report.set_id)]
    with safe.archive.look(THE_ARCHIVE) as work:
        row = work.session.get_one(BackupSet, (report.set_id, "dia-b"))
        assert row.state is BackupState.damaged
        assert work.session.scalars(select(Incident.kind)).all() == ["backup-damaged"]


def test_a_set_is_verified_without_a_key_and_tried_with_one(safe: Safe) -> None:
    report = safe.run()
    store = open_medium(safe.archive.settings, safe.archive.settings.backup[0])
    assert check_set(safe.archive, store, "dia-a", report.set_id, []).faults == ()
    assert check_set(safe.archive, store, "dia-a", report.set_id, safe.identities).faults == ()
    with pytest.raises(WrongKey):
        check_set(safe.archive, store, "dia-a", report.set_id, [x25519.Identity.generate()])
    safe.part(report).unlink()
    assert "missing" in check_set(safe.archive, store, "dia-a", report.set_id, []).faults[0]


def test_a_restore_that_was_cut_off_is_begun_anew(safe: Safe) -> None:
    report = safe.run()
    lose(safe)

    def cut_off(step: str, done: int) -> None:
        if step == "database-loaded":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(safe, report, progress=cut_off)
    assert list(safe.archive.settings.data.glob("archive.db*")) == []
    assert bring(safe, report).rows["dossier"] == 4


def test_without_any_storage_root_nothing_is_restored(safe: Safe) -> None:
    """Not held against storage, it would start with destruction unlocked and a log that parts from its anchors."""
    report = safe.run()
    lose(safe)
    storage = safe.archive.settings.data / "storage"
    storage.rename(storage.with_name("unplugged"))
    with pytest.raises(NotPossible) as refused:
        bring(safe, report)
    assert refused.value.name == "no-roots"
    assert list(safe.archive.settings.data.glob("archive.db*")) == []
    storage.with_name("unplugged").rename(storage)
    assert bring(safe, report).rows["dossier"] == 4


def test_a_restore_that_failed_leaves_no_software_and_takes_none_away(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive_service.backup import restore as module

    report, folder = safe.run(), safe.folder / "phan-mem"
    into = f"sqlite:///{safe.folder / 'moi/archive.db'}"

    def full(*_: str) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(TryLater):
        patch.setattr(module, "_move_in", full)
        bring(safe, report, into=into, software=folder)
    assert not folder.exists()
    (folder / "cua-nguoi-khac").mkdir(parents=True)
    with pytest.raises(NotPossible):
        bring(safe, report, into=into, software=folder)
    assert [each.name for each in folder.iterdir()] == ["cua-nguoi-khac"]


def test_without_the_archives_own_keys_nothing_is_restored(safe: Safe) -> None:
    report = safe.run()
    lose(safe)
    shutil.rmtree(safe.archive.settings.data / "keys")
    archive = Archive(safe.archive.settings, safe.house.clock)
    store, medium, set_id = find_set(archive, report.set_id, "dia-a")
    with pytest.raises(NotPossible) as refused:
        restore(archive, store, medium, set_id, safe.identities)
    archive.close()
    assert refused.value.name == "not-initialised"


def test_the_software_of_an_incremental_set_comes_from_its_full_one(safe: Safe) -> None:
    safe.run()
    safe.house.clock.advance(days=1)
    second = safe.run()
    into = f"sqlite:///{safe.folder / 'moi/archive.db'}"
    brought = bring(safe, second, into=into, software=safe.folder / "phan-mem")
    assert (Path(brought.software) / "source/archive_service/work.py").is_file()
    assert (safe.folder / "moi/archive.db").is_file()


def test_the_newest_set_is_found_without_any_database(safe: Safe) -> None:
    safe.run()
    safe.house.clock.advance(days=1)
    second = safe.run()
    lose(safe)
    assert find_set(safe.archive, "newest", None)[2] == second.set_id
    with pytest.raises(NotPossible):
        find_set(safe.archive, "20200101T000000Z-full-000000", None)


def test_on_postgresql_by_its_own_tools(served: House, postgres_server: Any) -> None:
    kept = keep(served)
    drain(served.archive)
    anchor(served.archive)
    report = run_backup(served.archive, OPERATOR)
    assert report.whole, report.media
    store, medium, set_id = find_set(served.archive, "newest", None)
    with postgres_server.fresh() as into:
        brought = restore(served.archive, store, medium, set_id, [IDENTITY], into=into)
        assert not brought.newer and brought.rows["dossier"] == 1
        again = Archive(served.archive.settings.model_copy(update={"database": into}), served.clock)
        drain(again)
        differing = {each.table for each in compare(served.archive.engine, again.engine)}
        assert differing <= {
            "log_entry"
        }  # that it was restored stands in the new log, that it was backed up in the old
        assert check_invariants(again, OPERATOR).breaches == []
        with pytest.raises(NotPossible) as refused:
            restore(served.archive, store, medium, set_id, [IDENTITY], into=into)
        again.close()
    assert (refused.value.name, kept is not None) == ("target-not-empty", True)


def test_on_postgresql_a_flipped_bit_leaves_the_target_empty(served: House, postgres_server: Any) -> None:
    from sqlalchemy import inspect

    from archive_service.backup import restore as module

    keep(served)
    report = run_backup(served.archive, OPERATOR)
    path = next(Path(served.archive.settings.backup[0].url.removeprefix("file://")).rglob("database.age"))
    data = bytearray(path.read_bytes())
    data[-70] ^= 1
    path.write_bytes(bytes(data))
    store, medium, set_id = find_set(served.archive, report.set_id, "dia-a")
    proven = module._proven
    with postgres_server.fresh() as into, pytest.MonkeyPatch.context() as patch:
        # The bytes change after they were proven: what is half read must not be committed.
        data[-70] ^= 1
        path.write_bytes(bytes(data))

        def changing(*given: Any) -> Any:
            found = proven(*given)
            data[-70] ^= 1
            path.write_bytes(bytes(data))
            return found

        patch.setattr(module, "_proven", changing)
        with pytest.raises(BackupDamaged):
            restore(served.archive, store, medium, set_id, [IDENTITY], into=into)
        engine = open_engine(into)
        assert inspect(engine).get_table_names() == []
        engine.dispose()


def test_the_scratch_database_is_gone_after_the_run_and_those_of_the_dead_too(
    served: House, postgres_server: Any
) -> None:
    import psycopg
    from psycopg import sql

    postgres_server.say(sql.SQL("CREATE DATABASE archive_scratch_dead"))
    assert run_backup(served.archive, OPERATOR).whole
    with psycopg.connect(f"postgresql://archive@127.0.0.1:{postgres_server.port}/postgres") as connection:
        named = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert not [name for (name,) in named if name.startswith("archive_scratch_")]


def test_a_set_of_one_kind_of_database_is_not_restored_into_another(safe: Safe, fresh_postgres: str) -> None:
    report = safe.run()
    with pytest.raises(NotPossible) as refused:
        bring(safe, report, into=fresh_postgres)
    assert refused.value.name == "other-database"
    assert replace(report).whole


def test_a_forged_set_is_refused(safe: Safe) -> None:
    """Who can write to the medium seals another database to the public key and mends the digests: we did not sign that."""
    import hashlib
    import json

    import pyrage

    report = safe.run()
    lose(safe)
    forged = pyrage.encrypt(b"SQLite format 3 of somebody else", [IDENTITY.to_public()])
    safe.part(report).write_bytes(forged)
    told = json.loads(safe.part(report, "manifest.json").read_text())
    for part in told["manifest"]["parts"]:
        if part["name"] == "database.age":
            part |= {"size": len(forged), "sha256": hashlib.sha256(forged).hexdigest()}
    safe.part(report, "manifest.json").write_text(json.dumps(told))
    with pytest.raises(BackupDamaged, match="not as it was signed"):
        bring(safe, report)


def test_a_set_of_another_version_is_refused_and_the_way_is_told(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive_service.backup import restore as module

    report = safe.run()
    lose(safe)
    monkeypatch.setattr(module, "schema_head", lambda engine: "0002")
    with pytest.raises(NotPossible) as refused:
        bring(safe, report)
    assert refused.value.name == "other-version"
