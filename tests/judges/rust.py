"""rocfl, a validator of OCFL in Rust by the author of another one; it reads roots without a layout too."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.judges.java import TIME_LIMIT_S, Verdict
from tests.services.build import rocfl_program


def rocfl(root: Path) -> Verdict:
    """A whole storage root with every digest. What is said are its errors, each with a code of the specification."""
    run = subprocess.run(
        [rocfl_program(), "--no-styles", "--root", str(root), "validate", "--level", "info"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIME_LIMIT_S,
        env={"HOME": "/nonexistent", "PATH": ""},
    )
    # 1 is told where it could not judge: neither yes nor no.
    examined = re.search(r"^  Total objects: +(\d+)$", run.stdout, re.MULTILINE)
    if run.returncode not in (0, 2) or examined is None:
        raise RuntimeError(f"rocfl failed ({run.returncode}): {run.stdout[-2000:]}{run.stderr[-2000:]}")
    said = tuple(re.findall(r"^ +\d+\. (\[E\d{3}\].*)$", run.stdout, re.MULTILINE))
    return Verdict(run.returncode == 0, int(examined[1]), said)
