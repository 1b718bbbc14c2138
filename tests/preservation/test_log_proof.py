"""The log proves itself: in the database against the roots, as an export without us, and by the published script."""

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
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Forbidden, NotPossible
from preservation.log_proof import export_log, verify_export, verify_log
from preservation.roots import MARKER, anchor_log, anchors_outside
from tests.archives import House
from tests.preservation.dossiers import keep

DOCUMENT = Path(__file__).parents[2] / "docs/operating/verify-log.md"
Lines = list[dict[str, Any]]


@pytest.fixture
def exported(house: House, tmp_path: Path) -> Path:
    keep(house)
    anchor_log(house.archive)
    keep(house, 2)
    assert export_log(house.archive, tmp_path / "log.jsonl") > 5
    return tmp_path / "log.jsonl"


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


def test_a_log_that_nobody_touched_is_whole(house: House, exported: Path) -> None:
    assert verify_log(house.archive) == []
    report = verify_export(exported)
    assert report.faults == [] and report.entries > 5


@pytest.mark.parametrize("code", ALTERATIONS)
def test_every_alteration_of_an_export_shows(exported: Path, code: str) -> None:
    report = verify_export(altered(exported, ALTERATIONS[code]))
    assert code in {fault.code for fault in report.faults}


def test_an_erased_detail_does_not_break_the_proof(exported: Path) -> None:
    def erased(lines: Lines) -> Lines:
        return [{**line, "salt": None, "detail": None} for line in lines]

    assert verify_export(altered(exported, erased)).faults == []


def test_an_export_under_another_key_does_not_pass_for_ours(exported: Path) -> None:
    other = (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert {fault.code for fault in verify_export(exported, key_pem=other).faults} == {"anchor-signature"}


def test_a_database_whose_tail_was_cut_does_not_match_the_roots(house: House) -> None:
    keep(house)
    anchored = anchor_log(house.archive)
    with house.archive.work(THE_ARCHIVE) as work:
        for table in ("log_detail", "log_entry"):
            work.session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE number = {anchored.number}")
    assert ("tail-cut", anchored.number) in {(f.code, f.number) for f in verify_log(house.archive)}


def test_only_who_reads_the_log_exports_it(house: House, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        export_log(house.archive, tmp_path / "log", house.actor("reader"))


def test_another_file_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("{}\n")
    with pytest.raises(NotPossible):
        verify_export(tmp_path / "log")


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
    assert verify_export(exported).key_sha256 in run.stdout


@pytest.mark.parametrize("code", ALTERATIONS)
def test_the_published_script_sees_every_alteration(exported: Path, tmp_path: Path, code: str) -> None:
    assert script(tmp_path, altered(exported, ALTERATIONS[code])).returncode == 1


def test_anchors_known_from_elsewhere_join_the_proof(house: House, exported: Path) -> None:
    keep(house, 3)
    later = anchor_log(house.archive)
    report = verify_export(exported, anchors=[*anchors_outside(house.archive)])
    assert ("tail-cut", later.number) in {(fault.code, fault.number) for fault in report.faults}
