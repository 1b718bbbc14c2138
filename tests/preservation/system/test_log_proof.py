"""An exported log proves itself without us, and by the published script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive_service.kernel.errors import Forbidden, NotPossible
from preservation.audits.log_check import export_log
from preservation.roots.markers import MARKER, anchor_log
from preservation.system.log_files import fingerprint, read_anchors, verify_file
from tests.archives import House
from tests.preservation.dossiers import keep

DOCUMENT = Path(__file__).parents[3] / "docs/operating/verify-log.md"
Lines = list[dict[str, Any]]


@pytest.fixture
def exported(house: House, tmp_path: Path) -> Path:
    keep(house)
    anchor_log(house.archive)
    keep(house, 2)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(export_log(house.archive, house.actor("auditor"))))
    return path


def altered(path: Path, change: Callable[[Lines], Lines]) -> Path:
    header, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    out = path.with_name("altered.jsonl")
    out.write_text("".join(json.dumps(each) + "\n" for each in (header, *change(lines))))
    return out


def renamed(lines: Lines) -> Lines:
    lines[3]["body"] = lines[3]["body"].replace('"door":"', '"door":"x')
    return lines


def retold(lines: Lines) -> Lines:
    lines[3]["detail"] = "{}"
    return lines


ALTERATIONS: dict[str, Callable[[Lines], Lines]] = {
    "changed": renamed,
    "detail-changed": retold,
    "tail-cut": lambda lines: lines[:-2],
    "removed": lambda lines: lines[:2] + lines[3:],
}


def test_an_export_that_nobody_touched_is_whole_and_signed_to_its_last_entry(
    house: House, exported: Path
) -> None:
    report = verify_file(exported, house.archive.keys.public)
    assert report.faults == () and report.entries == report.anchored > 5


@pytest.mark.parametrize("code", ALTERATIONS)
def test_every_alteration_of_an_export_shows(exported: Path, code: str) -> None:
    report = verify_file(altered(exported, ALTERATIONS[code]))
    assert code in {fault.code for fault in report.faults}


def test_an_erased_detail_does_not_break_the_proof(exported: Path) -> None:
    def erased(lines: Lines) -> Lines:
        return [{**line, "salt": None, "detail": None} for line in lines]

    assert verify_file(altered(exported, erased)).faults == ()


def test_an_export_under_another_key_does_not_pass_for_ours(exported: Path) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    codes = {fault.code for fault in verify_file(exported, other).faults}
    assert codes == {"other-key", "anchor-signature"}


def test_only_who_reads_the_log_exports_it(house: House) -> None:
    with pytest.raises(Forbidden):
        export_log(house.archive, house.actor("reader"))


def test_another_file_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("{}\n")
    with pytest.raises(NotPossible):
        verify_file(tmp_path / "log")


def script(folder: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """The script as an inspector copies it out of the documentation."""
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert found
    (folder / "verify_log.py").write_text(found[1])
    return subprocess.run(
        [sys.executable, "-I", folder / "verify_log.py", *arguments], capture_output=True, text=True
    )


def test_the_published_script_agrees(house: House, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(house.archive.keys.public_pem())
    marker = house.archive.settings.data / "storage/1" / MARKER
    run = script(tmp_path, exported, tmp_path / "key.pem", marker)
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "the log is whole"), run.stderr
    assert verify_file(exported).key == fingerprint(house.archive.keys.public)
    assert verify_file(exported).key in run.stdout


@pytest.mark.parametrize("code", ALTERATIONS)
def test_the_published_script_sees_every_alteration(exported: Path, tmp_path: Path, code: str) -> None:
    run = script(tmp_path, altered(exported, ALTERATIONS[code]))
    assert run.returncode == 1
    # One act is told once: what follows on a removed entry is as it was.
    assert run.stdout.count("does not follow") <= 1


def test_anchors_known_from_elsewhere_join_the_proof(house: House, exported: Path) -> None:
    keep(house, 3)
    later = anchor_log(house.archive)
    known = read_anchors(house.archive.settings.data / "storage/1" / MARKER)
    report = verify_file(exported, known=known)
    assert [(fault.code, fault.number) for fault in report.faults] == [("tail-cut", later.number)]


def test_a_file_without_anchors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anchors.json").write_text('[{"number": "một"}]')
    with pytest.raises(NotPossible, match=r"anchors\.json"):
        read_anchors(tmp_path / "anchors.json")
