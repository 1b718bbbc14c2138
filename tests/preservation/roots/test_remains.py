"""What interrupted writes left in the roots goes after a week, and only where the root is ours."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import run_job
from preservation.roots.markers import MARKER
from preservation.roots.remains import KEPT, sweep_roots
from tests.archives import House


def left_behind(root: Path, age: timedelta) -> Path:
    """A file as a killed process leaves it in the deposit area."""
    path = root / "deposit" / f"room-{age.days}" / "ocfl/half"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    then = time.time() - age.total_seconds()
    for each in (path, *path.parents[:3]):
        os.utime(each, (then, then))
    return path


def test_only_old_remains_are_swept(house: House, tmp_path: Path) -> None:
    root = tmp_path / "var/storage/2"
    old, young = left_behind(root, KEPT + timedelta(days=1)), left_behind(root, timedelta(days=1))
    with house.archive.work(THE_ARCHIVE) as work:
        job = work.later("sweep_roots")
    assert run_job(house.archive, job)
    assert not old.exists() and young.exists()


def test_a_root_without_our_marker_is_not_touched(house: House, tmp_path: Path) -> None:
    root = tmp_path / "var/storage/2"
    old = left_behind(root, KEPT + timedelta(days=1))
    (root / MARKER).unlink()
    assert list(sweep_roots(house.archive)) == ["kho-chinh"]
    assert old.exists()
