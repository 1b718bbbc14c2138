"""Auditing copies against `openssl dgst` with the same algorithms over all cores, and against bagit-python."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import bagit

from archive_service.kernel.digests import digest_file
from archive_service.kernel.objects import open_store
from benchmarks.measure import Ratio, compare, forget
from preservation.bagit.check import check_bag
from preservation.bagit.write import write_bag
from preservation.ocfl.inventory import User
from preservation.ocfl.plan import file_of
from preservation.ocfl.store import create_object, init_root
from preservation.verify import verify_copy

MEGABYTES, FILES = 512, 64


def run() -> list[Ratio]:
    with TemporaryDirectory() as folder:
        here = Path(folder)
        payload = {f"data/{n:03}.bin": _file(here / f"{n:03}.bin") for n in range(FILES)}
        bag = write_bag(here / "bag", payload)
        audit, root = _audit(here, payload)
        openssl = _openssl(list(root.rglob("*.bin")))
        what = f"audit of one copy, {MEGABYTES} MB in {FILES} files, read from the disk"
        return [
            compare(what, audit, openssl, "openssl dgst -sha256, all cores"),
            compare("check of a bag", lambda: check_bag(bag), lambda: _bagit(bag), "bagit-python, all cores"),
        ]


def _bagit(bag: Path) -> None:
    bagit.Bag(str(bag)).validate(processes=os.cpu_count())


def _file(path: Path) -> Path:
    path.write_bytes(os.urandom((MEGABYTES << 20) // FILES))
    return path


def _audit(here: Path, payload: dict[str, Path]) -> tuple[Callable[[], None], Path]:
    store = open_store((here / "root").as_uri())
    store.create()
    init_root(store)
    inventory = create_object(
        store,
        "urn:uuid:bench",
        {path: file_of(source) for path, source in payload.items()},
        message="bench",
        user=User("bench"),
        created=datetime.now(UTC),
    )
    senders = {path: digest_file(source, "sha256").hex("sha256") for path, source in payload.items()}
    digest = hashlib.sha512(inventory.to_bytes()).hexdigest()

    def audit() -> None:
        faults = list(verify_copy(store, "urn:uuid:bench", digest, senders))
        assert not faults, faults

    return audit, here / "root"


def _openssl(files: list[Path]) -> Callable[[], None]:
    """One process a core with its share of the files: a process a file would be timed for starting."""
    cores = os.cpu_count() or 1

    def all_cores() -> None:
        forget(files)
        running = [
            subprocess.Popen(["openssl", "dgst", "-sha256", *files[n::cores]], stdout=subprocess.DEVNULL)
            for n in range(cores)
        ]
        assert [process.wait() for process in running] == [0] * cores

    return all_cores
