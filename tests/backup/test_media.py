"""Real media: a bucket that keeps versions, a disk that is full, a database that goes on while it is copied."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive_service.backup import make
from archive_service.backup.catalogue import list_sets
from archive_service.backup.checks import backup_check, find_set
from archive_service.backup.medium_new import prepare
from archive_service.backup.models import BackupState
from archive_service.backup.restore import restore
from archive_service.backup.run import run_backup
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.settings import Credentials
from tests.archives import House, make_house
from tests.backup.conftest import IDENTITY, Safe, settings_of
from tests.faults.disks import small_disk
from tests.preservation.dossiers import keep
from tests.services.s3 import S3


@pytest.fixture
def far(tmp_path: Path, s3_server: S3) -> House:
    """One medium is a bucket that keeps versions."""
    given = settings_of(tmp_path)
    url = f"s3://{s3_server.new_bucket(versioning=True)}/archive?endpoint={s3_server.endpoint}"
    given["backup"][1] |= {"url": url, "credentials": "s3"}
    given["credentials"] = {
        "s3": Credentials(access_key=s3_server.access_key, secret_key=s3_server.secret_key)
    }
    house = make_house(tmp_path, **given)
    for medium in house.archive.settings.backup:
        prepare(house.archive, OPERATOR, medium.id)
    return house


def test_a_bucket_is_a_medium_like_a_disk(far: House) -> None:
    keep(far)
    report = run_backup(far.archive, OPERATOR)
    assert report.whole, report.media
    store, medium, set_id = find_set(far.archive, "newest", "dia-b")
    into = f"sqlite:///{far.archive.settings.data / 'moi.db'}"
    assert restore(far.archive, store, medium, set_id, [IDENTITY], into=into).rows["dossier"] == 1
    part = f"sets/{set_id}/software.tar.gz.age"
    store.put(part, b"x")
    assert [each.medium_id for each in backup_check(far.archive) if each.faults] == ["dia-b"]
    far.archive.close()


def test_what_expires_in_a_bucket_leaves_no_older_version(far: House, s3_server: S3) -> None:
    first = run_backup(far.archive, OPERATOR)
    far.clock.advance(days=100)
    assert f"dia-b {first.set_id}" in run_backup(far.archive, OPERATOR).expired
    bucket = far.archive.settings.backup[1].url.removeprefix("s3://").partition("/")[0]
    listed = s3_server.client.list_object_versions(Bucket=bucket, Prefix=f"archive/sets/{first.set_id}")
    assert not listed.get("Versions") and not listed.get("DeleteMarkers")
    far.archive.close()


def test_a_medium_without_room_gets_nothing_half(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    with small_disk(pytestconfig, tmp_path / "dia-b") as disk:
        house = make_house(tmp_path, **settings_of(tmp_path))
        for medium in house.archive.settings.backup:
            prepare(house.archive, OPERATOR, medium.id)
        disk.fill(leave=200_000)
        report = run_backup(house.archive, OPERATOR)
        assert (report.media["dia-a"], bool(report.media["dia-b"])) == ("", True)
        assert not list(disk.folder.glob("sets/*/*")) and not list(disk.folder.glob("deposit/*"))
        disk.make_room()
        house.clock.advance(days=1)
        assert run_backup(house.archive, OPERATOR).whole
        house.archive.close()


def work_on(house: House, stop: threading.Event) -> int:
    count = 0
    while not stop.is_set():
        with house.archive.work(THE_ARCHIVE) as work:
            work.record_of(Verb.searched, "search", None, text="trong lúc sao lưu")
        count += 1
    return count


@pytest.mark.parametrize("kind", ["safe", "served"])
def test_a_set_is_of_one_moment_while_the_archive_works(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written between the copy and the counting is in neither: else the counts would not fit."""
    thing = request.getfixturevalue(kind)
    house: House = thing.house if isinstance(thing, Safe) else thing
    counted = make.facts_of

    def busy(*given: object) -> object:
        with house.archive.work(THE_ARCHIVE) as work:
            work.record_of(Verb.searched, "search", None, text="xen giữa")
        return counted(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(make, "facts_of", busy)
    stop = threading.Event()
    worker = threading.Thread(target=work_on, args=(house, stop))
    worker.start()
    try:
        report = run_backup(house.archive, OPERATOR)
    finally:
        stop.set()
        worker.join()
    assert report.whole, report.media
    with house.archive.look(THE_ARCHIVE) as work:
        assert report.log_number < (work.session.scalar(select(func.max(LogEntry.number))) or 0)


def test_a_medium_that_is_away_does_not_stop_the_check_of_the_other(safe: Safe) -> None:
    safe.run()
    safe.medium("dia-b").rename(safe.folder / "mang-di")
    assert [(each.medium_id, each.faults) for each in backup_check(safe.archive)] == [("dia-a", ())]
    with safe.archive.look(THE_ARCHIVE) as work:
        assert {row.state for row in list_sets(work)} == {BackupState.good}
