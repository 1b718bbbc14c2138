"""One encrypted root and the keystore are enough to bring the archive back."""

from __future__ import annotations

import shutil
from pathlib import Path

from archive_service.kernel.db import open_engine
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from preservation.roots.markers import anchor_log
from tests.archives import make_house
from tests.preservation.dossiers import keep
from tests.preservation.roots.test_encrypted_root import roots


def test_an_archive_comes_back_from_its_encrypted_root_alone(tmp_path: Path) -> None:
    house = make_house(tmp_path, storage=roots(tmp_path, False, True))
    for number in (1, 2):
        keep(house, number)
    keep_system_objects(house.archive, now=True)
    anchor_log(house.archive)
    keep_system_objects(house.archive, now=True)
    data = house.archive.settings.data
    house.archive.close()
    lost = (data / "archive.db").rename(data / "lost.db")
    for suffix in ("-wal", "-shm"):
        if (data / f"archive.db{suffix}").exists():
            (data / f"archive.db{suffix}").rename(data / f"lost.db{suffix}")
    shutil.rmtree(data / "index", ignore_errors=True)
    (data / "storage/1").rename(tmp_path / "lost root")
    report = rebuild(house.archive)
    assert report.dossiers == 2
    old = open_engine(f"sqlite:///{lost}")
    differing = {each.table for each in compare(old, house.archive.engine)}
    old.dispose()
    assert differing <= {"copy", "storage_root", "assessment"}, (
        differing
    )  # the root is away; assessments are reckoned
