"""Rebuilding catalogue and index from one root of many small dossiers, against reading and digesting the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch
from uuid import UUID, uuid5

from archive_service.kernel.settings import Root
from archive_service.rebuild.snapshots import keep_system_objects
from benchmarks.measure import Memory, watching
from preservation.aips.build import Intake, IntakeFile
from preservation.aips.store import store_aip
from preservation.bagit.check import check_bag
from preservation.models import AccessMode
from tests.archives import House, make_house
from tests.builders import BagBuilder, description_of

COUNTS = (2_000, 10_000)

SPACE = UUID("5a0c4f39-6f0e-4e0e-9d0a-8c1f5f3f2f01")


def fill(house: House, folder: Path, count: int) -> None:
    """`count` dossiers of two documents each into the root alone, by the product's own writer, with no disk waited for."""
    bag = BagBuilder(documents=2).build(folder / "bag")
    learned, description = check_bag(bag).learned, description_of(bag)
    files = tuple(
        IntakeFile(path=path, size=each.size, sha256=each.digests["sha256"], sha512=each.digests["sha512"])
        for path, each in sorted(learned.items())
    )
    with patch.object(os, "fsync", lambda _: None):
        for number in range(count):
            key = uuid5(SPACE, str(number))
            tags = {
                **description.tags,
                "FileCode": f"000.00.12.H43.2020.{number}.TTr",
                "Title": f"Tập lưu số {number}",
            }
            intake = Intake(
                dossier_id=key,
                agency_id=house.agency.id,
                unit_id=house.unit.id,
                fonds_id=house.fonds.id,
                regime="TT02_2019",
                access=AccessMode.public,
                unknown_access=AccessMode.closed,
                description=type(description)(tags, description.documents),
                files=files,
                accepted_at=house.clock.now(),
                submission={"sip_id": str(uuid5(key, "sip")), "accepted_by": str(house.people["officer"].id)},
            )
            store_aip(house.archive, intake, bag, folder)


def root_of(here: Path) -> list[Root]:
    return [Root(id="kho-chinh", url=(here / "var/storage/1").as_uri(), failure_domain="1")]


def main(counts: tuple[int, ...] = COUNTS) -> None:
    print(
        "| dossiers | seconds | dossiers/s | sha512sum of the same files | ratio | peak memory "
        "| without pages of files | largest child |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for count in counts:
        with TemporaryDirectory() as folder:
            print(_line(Path(folder), count), flush=True)


def _line(here: Path, count: int) -> str:
    house = make_house(here, storage=root_of(here), required_copies=1)
    fill(house, here, count)
    keep_system_objects(house.archive, now=True)
    house.archive.close()
    ours, memory = _rebuilt(here)
    peer = _digested(here / "var/storage/1")
    return (
        f"| {count:,} | {ours:.1f} | {count / ours:.0f} | {peer:.1f} s | {ours / peer:.2f} "
        f"| {memory.worker:.0f} MB | {memory.own:.0f} MB | {memory.child:.0f} MB |"
    )


def _rebuilt(here: Path) -> tuple[float, Memory]:
    """The command itself, its start included."""
    _drop_caches(here)
    storage = json.dumps([root.model_dump() for root in root_of(here)])
    settings = {"ARCHIVE_DATA": str(here / "var"), "ARCHIVE_STORAGE": storage, "ARCHIVE_REQUIRED_COPIES": "1"}
    command = [str(Path(sys.executable).with_name("archive")), "rebuild", "--json"]
    began = perf_counter()
    with (
        subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL) as process,
        watching(process.pid) as memory,
    ):
        assert process.wait() == 0  # 1 when anything is missing
    return perf_counter() - began, memory


def _digested(root: Path) -> float:
    """What the disk and a digest take, with nothing made of it: every file once, from the disk, on all cores."""
    _drop_caches(root)
    began = perf_counter()
    command = f"find {root} -type f -print0 | xargs -0 -P {os.cpu_count()} -n 200 sha512sum > /dev/null"
    subprocess.run(["bash", "-c", command], check=True)
    return perf_counter() - began


def _drop_caches(folder: Path) -> None:
    """Both read from the disk; `POSIX_FADV_DONTNEED` needs no rights, and drops what is written already."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
