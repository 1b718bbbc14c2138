"""`archive demo` as a person starts it, once, without the pages at its end."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.judges.java import Verdict

LIMIT_SECONDS = 240
"""The demo takes half a minute; a machine that runs other tests beside it, longer."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """What the demo printed; it ended well."""
    run = _demo(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("archive")), "--language", "en", "demo"]
    words = ["--no-serve", "--folder", str(folder)]
    return subprocess.run([*command, *words], capture_output=True, text=True, timeout=LIMIT_SECONDS)


def test_eleven_dossiers_are_stored_twice_and_five_wait(told: str) -> None:
    assert "Stored 11 dossiers, 58 documents; 22 copies read back" in told
    assert "5 packages wait for a decision: 3 clean, 1 with warnings, 1 faulty" in told


def test_each_faulty_package_is_told_what_is_wrong_with_it(told: str) -> None:
    assert told.count("Returned 000.00.") == 2
    assert "Refused by itself for its declared secrecy, no document opened: 000.00.20.H99.2020.09.NV1" in told


def test_a_reader_finds_words_without_tones_and_less_than_an_officer(told: str) -> None:
    found = re.search(
        r"“quyet dinh”: the reader finds (\d+) \(0 with these tones\), the officer (\d+) \(0\)", told
    )
    assert found and 0 < int(found[1]) < int(found[2])
    assert "“15/QĐ-UBND”: the reader finds 2 (2 with these tones), the officer 2 (2)" in told


def test_the_flipped_bit_is_found_and_mended(told: str) -> None:
    assert "22 copies read back, 1 fault: copy ban-sao" in told
    assert "Restored from the other copy; 22 copies read back, 0 faults" in told


def test_the_expired_dossier_is_gone_from_every_place(told: str) -> None:
    assert (
        "Gone, and reported so by all 6 places: cache, copy:ban-sao, copy:kho-chinh, database, index, staging"
        in told
    )


def test_the_log_of_the_whole_story_verifies(told: str) -> None:
    assert "entries, the chain is whole" in told


def test_the_certificate_is_pdf_a(
    told: str, folder: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    (certificate,) = folder.glob("staging/papers/*/certificate-*")
    paper = certificate.rename(certificate.with_suffix(".pdf"))
    assert verapdf([paper], "2b").accepted


def test_a_folder_that_no_demo_made_is_never_cleared(tmp_path: Path) -> None:
    (tmp_path / "luận văn.txt").write_text("mười năm công sức")
    run = _demo(tmp_path)
    assert run.returncode == 2
    assert (tmp_path / "luận văn.txt").exists()
