"""The demo's packages: fifteen good dossiers and four faulty ones as zipped bags, made in two processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from archive_service.demo.faults import TO_BAGS, alter_after_signing
from archive_service.demo.folders import DemoDossier, demo_dossiers, write_folder
from archive_service.demo.people import DemoAgency
from archive_service.demo.seals import Seals
from ingest.sip_build import build_sip
from preservation.bagit.pack import pack

SEED = 2025


@dataclass(frozen=True, slots=True)
class DemoPackage:
    """`path`: a zip of one bag. `faulty_kind`: "" or what is wrong with it, as data/dossiers.toml names it."""

    path: Path
    agency: DemoAgency
    unit: str
    file_code: str
    title: str
    faulty_kind: str
    documents: int
    late: bool = False


def make_packages(
    out: Path,
    seals: Seals,
    *,
    seed: int = SEED,
    progress: Callable[[int, int, str], None] = lambda done, of, title: None,
    processes: int = 2,
) -> list[DemoPackage]:
    """All packages below the new or empty folder `out`, in the order of data/dossiers.toml.

    The same seed gives the same bytes but for signatures, whose keys are new in each `seals`. `progress` is called
    after each package with how many are done, of how many, and the title.
    """
    out.mkdir(parents=True, exist_ok=True)
    dossiers = demo_dossiers()
    # Not forked: the caller may have threads, and a forked child would inherit their locks.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        # The longest first, so that no process is left with one at the end.
        longest = sorted(dossiers, key=lambda dossier: -len(dossier.documents))
        running = {pool.submit(make_package, out, dossier, seals, seed): dossier for dossier in longest}
        made = {}
        for done, future in enumerate(as_completed(running), 1):
            package = made[running[future]] = future.result()
            progress(done, len(dossiers), package.title)
    return [made[dossier] for dossier in dossiers]


def make_package(out: Path, dossier: DemoDossier, seals: Seals, seed: int) -> DemoPackage:
    """One package as OUT/<file code>.zip, with the fault that its data asks for."""
    with TemporaryDirectory(dir=out) as scratch:
        folder = write_folder(Path(scratch) / "folder", dossier, seals, seed)
        if dossier.fault == "broken-signature":
            first = min(folder.glob("*.pdf"))
            first.write_bytes(alter_after_signing(first.read_bytes(), f"{dossier.documents[0].number:02}"))
        bag = Path(scratch) / dossier.file_code
        build_sip(folder, bag)
        if dossier.fault in TO_BAGS:
            TO_BAGS[dossier.fault](bag)
        path = pack(bag, out / f"{dossier.file_code}.zip", dossier.file_code)
    return DemoPackage(
        path,
        dossier.agency,
        dossier.unit,
        dossier.file_code,
        dossier.title,
        dossier.fault,
        len(dossier.documents),
        dossier.late,
    )
