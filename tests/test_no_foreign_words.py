"""What lies in the repository holds on any machine: no address of a package registry, no path of one machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = re.compile(
    r"(requirements[\w-]*\.(txt|lock)|[\w-]+\.lock|[\w-]*lock\.(json|yaml)|pip\.conf|\.npmrc)$"
)
ADDRESS = re.compile(r"://|--?(?:extra-)?(?:index-url|find-links)")
# Written in two halves, so that this file may be looked at, too.
MACHINE_PATH = re.compile(r"(?<![\w./$}-])/(?:" + "home|root|Users|work|opt/wheels" + r")/[\w.]")


def tracked() -> list[Path]:
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str], files: list[Path]) -> Iterator[str]:
    for path in files:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture or another binary
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                yield f"{path.name}:{number}: {line.strip()[:120]}"


def test_lock_files_name_no_address() -> None:
    locks = [path for path in tracked() if LOCKS.search(path.name)]
    assert ROOT / "requirements.lock" in locks
    assert list(lines_with(ADDRESS, locks)) == []


def test_every_pin_of_the_lock_has_a_digest() -> None:
    text = (ROOT / "requirements.lock").read_text()
    pins = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 100
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert list(lines_with(MACHINE_PATH, tracked())) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (ADDRESS, "--index-url https" + "://packages.example/simple"),
        (ADDRESS, "--find-links wheels"),
        (MACHINE_PATH, "open('/ho" + "me/an/archive')"),
        (MACHINE_PATH, "cd /wo" + "rk/main"),
    ],
)
def test_what_must_not_be_there_is_found(pattern: re.Pattern[str], line: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(f"first\n{line}\n")
    assert list(lines_with(pattern, [tmp_path / "file.txt"])) == [f"file.txt:2: {line}"]
