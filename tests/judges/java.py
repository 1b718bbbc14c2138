"""Other people's validators in Java, each set up from its `pom.xml` by `make services`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services.build import JUDGES
from tests.services.process import Unavailable, program

TIME_LIMIT_S = 240


@dataclass(frozen=True)
class Verdict:
    """What a judge says of all it was given. `examined` counts objects, bags or files: 0 proves nothing."""

    accepted: bool
    examined: int
    said: tuple[str, ...]


def require(judge: str) -> str:
    """The path of `java`; Unavailable when that or the judge is not there."""
    java = program("java")
    if not (JUDGES / judge / "target" / ".ready").exists():
        raise Unavailable("not built")
    return java


def _run(judge: str, words: Sequence[str], refusals: Iterable[int]) -> subprocess.CompletedProcess[str]:
    command = [require(judge), "-Xmx1g", *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S)
    # A judge that broke down has not judged: neither yes nor no.
    if run.returncode not in (0, *refusals):
        raise RuntimeError(f"{judge} failed ({run.returncode}): {run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run


def _own_main(judge: str, paths: Sequence[Path]) -> list[Verdict]:
    target = JUDGES / judge / "target"
    words = ["-cp", f"{target}/classes:{target}/lib/*", "vn.archive.judge.Main", *map(str, paths)]
    run = _run(judge, words, refusals=(1,))
    verdicts, errors = [], []
    for line in run.stdout.split("\n"):
        if line.startswith("ERROR "):
            errors.append(line.removeprefix("ERROR "))
        elif line.startswith("EXAMINED "):
            verdicts.append(Verdict(not errors, int(line.removeprefix("EXAMINED ")), tuple(errors)))
            errors = []
    return verdicts


def ocfl_java(root: Path) -> Verdict:
    """A whole OCFL storage root: layout, structure, inventories and every digest of every object."""
    return ocfl_java_all([root])[0]


def ocfl_java_all(roots: Sequence[Path]) -> list[Verdict]:
    """Each root by itself, all in one start of Java."""
    verdicts = _own_main("ocfl-java", roots)
    if len(verdicts) != len(roots):
        raise RuntimeError(f"ocfl-java told of {len(verdicts)} roots, not of {len(roots)}")
    return verdicts


def bagit_java(*bags: Path) -> Verdict:
    """Unpacked bags. It reads `%25` in manifests against RFC 8493, so names with `%` are not for it."""
    return _own_main("bagit-java", bags)[0]


def verapdf(paths: Sequence[Path], flavour: str = "2b") -> Verdict:
    """PDF/A or PDF/UA files, all against one flavour (`1a`…`4f`, `ua1`), in one start of Java."""
    require("verapdf")
    (jar,) = (JUDGES / "verapdf" / "target" / "lib").glob("cli-*.jar")
    # Without the flavour a file that claims nothing is judged as 1b.
    words = ["-jar", str(jar), "--flavour", flavour, "--format", "text", "-v", *map(str, paths)]
    run = _run("verapdf", words, refusals=(1, 7))
    lines = run.stdout.splitlines()
    passed = [line for line in lines if line.startswith("PASS ")]
    if run.returncode == 0 and len(passed) != len(paths):
        raise RuntimeError(
            f"veraPDF told of {len(passed)} files, not of {len(paths)}: {run.stdout}{run.stderr}"
        )
    said = tuple(line.strip() for line in (*lines, *run.stderr.splitlines()) if line not in passed)
    return Verdict(run.returncode == 0, len(paths), said)
