"""One large file to two roots, proven, against the least that this can take: one read, two writes, two read-backs."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from archive_service.kernel.digests import BLOCK, digest_file
from benchmarks.ingest import bag_of
from benchmarks.measure import Ratio, compare, forget
from preservation.aips.catalogue import object_id
from preservation.aips.store import store_aip
from preservation.ocfl.store import erase_object
from tests.archives import make_house
from tests.preservation.dossiers import intake_of

MEGABYTES = 2048


def run() -> list[Ratio]:
    with TemporaryDirectory() as folder:
        here = Path(folder)
        house = make_house(here)
        bag = bag_of(here, 1, MEGABYTES << 20)
        shutil.rmtree(here / "source")
        intake = intake_of(house, bag)
        (large,) = bag.rglob("*.pdf")

        def ours() -> None:
            one = replace(intake, dossier_id=uuid4())
            stored = store_aip(house.archive, one, bag, here)
            assert len(stored.proven) == 2, stored
            for store in house.archive.stores.values():
                erase_object(store, object_id(one.dossier_id))

        try:
            what = f"one file of {MEGABYTES} MB to two roots, read back"
            peer_name = "one read with both digests, two writes with fsync, two read-backs"
            return [compare(what, ours, lambda: _least(large, here), peer_name, turns=3)]
        finally:
            house.archive.close()


def _least(source: Path, here: Path) -> None:
    """In a row, without names, inventories or rows; read back from the disk by the faster digest, as ours is."""
    targets = [here / "peer-1", here / "peer-2"]
    handles = [os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL) for target in targets]
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    with source.open("rb", buffering=0) as stream:
        while block := stream.read(BLOCK):
            sha256.update(block)
            sha512.update(block)
            for handle in handles:
                assert os.write(handle, block) == len(block)
    for handle in handles:
        os.fsync(handle)
        os.close(handle)
    forget(targets)
    for target in targets:
        assert digest_file(target, "sha256").hex("sha256") == sha256.hexdigest()
        target.unlink()
