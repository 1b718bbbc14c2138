"""Format identification in the sandbox against the fido command line on the same files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from archive_service.demo.dossiers import make_packages
from archive_service.demo.seals import make_seals
from archive_service.kernel.sandbox import Sandbox
from benchmarks.measure import Ratio, compare
from ingest.unpack import ZIP, unpack
from preservation.formats import ask_format


def run() -> list[Ratio]:
    with TemporaryDirectory() as folder, Sandbox(workers=2) as sandbox:
        files = demo_files(Path(folder))

        def ours() -> None:
            for path in files:
                ask_format(sandbox, path)

        command = [sys.executable, "-m", "fido.fido", "-q", *map(str, files)]

        def peer() -> None:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        return [compare(f"identification of {len(files)} files", ours, peer, "fido command line", turns=3)]


def demo_files(folder: Path) -> list[Path]:
    """The documents of the demo's good dossiers, unpacked."""
    for package in make_packages(folder / "packages", make_seals()):
        if not package.faulty_kind:
            unpack(package.path, ZIP, folder / "bags" / package.file_code)
    return sorted(p for p in (folder / "bags").rglob("*") if p.is_file() and "data" in p.parts)
