"""The whole way of a package (receive, judge, accept, store twice, prove, index) against its peers' tools in a row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import bagit

from archive_service.worker import drain
from benchmarks.measure import Ratio, compare, watching
from ingest.accept import accept_sip
from ingest.models import Sip, SipState
from ingest.receive import receive_sip
from ingest.unpack import ZIP, unpack
from preservation.bagit.pack import pack
from preservation.bagit.write import write_bag
from preservation.description import write_metadata
from tests.archives import House, make_house
from tests.builders import BagBuilder
from tests.made import signed_pdf

DOCUMENTS = 20
LARGE = 2 << 30
SMALL_FILES, SMALL = 8_000, 256 << 10


def run() -> list[Ratio]:
    with TemporaryDirectory() as folder:
        here = Path(folder)
        house = make_house(here)
        number = count(1)
        content = signed_pdf()

        def ours() -> None:
            code = f"000.00.12.H43.2020.{next(number)}.TTr"
            tags = {"FileCode": code, "FileNotation": code.rsplit(".", 2)[1] + ".TTr"}
            bag = BagBuilder(
                documents=DOCUMENTS, content=content, dossier=tags, every_document={"FileCode": code}
            )
            store(house, bag.zip(here / f"{code}.zip"))

        peer_zip = BagBuilder(documents=DOCUMENTS, content=content).zip(here / "peer.zip")

        def peer() -> None:
            target = here / "peer"
            unpack(peer_zip, ZIP, target)
            root = next(target.rglob("bagit.txt")).parent
            bagit.Bag(str(root)).validate()
            files = [str(p) for p in (root / "data").iterdir()]
            subprocess.run([sys.executable, "-m", "fido.fido", "-q", *files], check=True, capture_output=True)
            pdfs = [f for f in files if f.endswith(".pdf")]
            for each in pdfs:
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.validate_one", each], check=True, capture_output=True
                )
            subprocess.run(["rm", "-rf", str(target)], check=True)

        try:
            return [
                compare(
                    f"ingest of {DOCUMENTS} signed PDFs",
                    ours,
                    peer,
                    "bagit + fido + pyHanko in a row",
                    turns=3,
                )
            ]
        finally:
            house.archive.close()


def store(house: House, package: Path, work: Callable[[], object] | None = None) -> None:
    """The whole way; `work` does the jobs that wait, here and now unless another process does."""
    work = work or partial(drain, house.archive)
    with package.open("rb") as stream:
        got = receive_sip(
            house.archive, house.actor("producer"), stream, name=package.name, media_type="application/zip"
        )
    work()
    with house.archive.work(house.actor("officer")) as act:
        sip = act.session.get_one(Sip, got.sip_id)
        accept_sip(act, sip.id, seen=range(1, 100_000), version=sip.row_version)
    work()
    with house.archive.look(house.actor("officer")) as look:
        assert look.session.get_one(Sip, got.sip_id).state is SipState.stored


def memory() -> list[str]:
    """One file of 2 GiB, and 8,000 of 256 kB, each through a worker of its own: peaks while it works."""
    return [_held("one file of 2 GiB", 1, LARGE), _held("8,000 files of 256 kB", SMALL_FILES, SMALL)]


def _held(what: str, files: int, size: int) -> str:
    with TemporaryDirectory() as folder:
        here = Path(folder)
        house = make_house(here)
        package = pack(bag_of(here, files, size), here / "large.zip", "bag")
        try:
            with worker(house.archive.settings.data) as process, watching(process.pid) as found:
                store(house, package, partial(do, process))
        finally:
            house.archive.close()
        return found.line(what)


@contextmanager
def worker(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that does the waiting jobs once for each line it reads: nothing of this one is in its memory."""
    command = [sys.executable, "-m", "benchmarks.work_once", str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()


def do(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def bag_of(here: Path, files: int, size: int) -> Path:
    """A bag of that many files of random bytes, `size` bytes each."""
    builder = BagBuilder(documents=files)
    description = builder.description()
    source = here / "source"
    source.mkdir()
    payload: dict[str, Path | bytes] = {"data/metadata.xml": write_metadata(description)}
    for number, document in enumerate(description.documents):
        path = source / f"{number}.bin"
        with path.open("wb") as out:
            for _ in range(max(size >> 20, 1)):
                out.write(os.urandom(min(size, 1 << 20)))
        payload[document.files[0]] = path
    return write_bag(here / "bag", payload)
