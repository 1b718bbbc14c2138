"""`archive storage` as an operator types it: 0 good, 1 owed or at fault, 2 not possible."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from archive_service.kernel.clock import VIETNAM
from tests.cli.terminal import Terminal


def test_a_disk_is_entered_filled_sealed_and_checked(
    archive: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "dia"
    assert archive("init").code == 0
    places = [("kho-chinh", "var/storage/1", "primary"), ("ban-sao", "var/storage/2", "replica")]
    roots = [*places, ("dia-1", "dia", "offline")]
    tables = [
        {"id": each, "url": (tmp_path / place).as_uri(), "failure_domain": each, "role": role}
        for each, place, role in roots
    ]
    monkeypatch.setenv("ARCHIVE_STORAGE", json.dumps(tables))
    assert archive("storage", "add", "dia-9").code == 2
    added = archive("storage", "add", "dia-1", "--json")
    assert (added.code, json.loads(added.out)["failed"]) == (0, {})
    assert archive("storage", "export-set", tmp_path / "var").code == 2
    none = archive("storage", "check-set", disk)
    assert (none.code, none.out) == (
        2,
        "",
    ) and "has no manifest manifest-sha512.txt.sha512: it is no" in none.err
    assert archive("storage", "export-set", disk).code == 0
    assert archive("storage", "check-set", disk).code == 0
    (disk / "README.txt").write_text("changed")
    said = archive("storage", "check-set", disk, "--json")
    assert (said.code, json.loads(said.out)["faults"]) == (1, [{"kind": "changed", "path": "README.txt"}])
    said = archive("storage", "check-set", disk)
    assert said.code == 1 and said.out.startswith("File changed: README.txt\n")
    changed = archive("storage", "copy", "kho-chinh", "dia-1", "-o", tmp_path / "bien-ban.pdf")
    assert (changed.code, (tmp_path / "bien-ban.pdf").read_bytes()[:4]) == (0, b"%PDF")
    assert archive("storage", "copy", "kho-chinh", "dia-1", "-o", tmp_path / "bien-ban.pdf").code == 2
    probed = json.loads(archive("storage", "probe", "--json").out)
    assert probed["missing"] == [] and probed["roots"]["dia-1"]["lock"] == "none"


def test_a_root_is_retired_its_table_removed_and_its_medium_destroyed(
    archive: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive("init").code == 0
    tables = [
        {"id": each, "url": (tmp_path / each).as_uri(), "failure_domain": each}
        for each in ("kho-1", "kho-2", "kho-3")
    ]
    monkeypatch.setenv("ARCHIVE_DATA", str(tmp_path / "var2"))
    monkeypatch.setenv("ARCHIVE_STORAGE", json.dumps(tables))
    assert archive("init").code == 0
    paper = tmp_path / "bien-ban.pdf"
    said = archive("storage", "retire", "kho-3", "-o", paper, "--json")
    assert (said.code, json.loads(said.out)["minutes"], paper.read_bytes()[:4]) == (0, str(paper), b"%PDF")
    refused = archive("storage", "probe")
    assert refused.code == 2 and "[[storage]]" in refused.err
    monkeypatch.setenv("ARCHIVE_STORAGE", json.dumps(tables[:2]))
    assert archive("storage", "probe").code == 0
    assert archive("storage", "retire", "kho-3", "-o", tmp_path / "again.pdf").code == 0
    assert (tmp_path / "again.pdf").read_bytes() == paper.read_bytes()
    assert archive("storage", "retire", "kho-2", "-o", tmp_path / "other.pdf").code == 2
    noted = ("storage", "destroyed", "kho-3", "--by", "Lê Thị Lan", "--on")
    assert archive(*noted, "2020-01-01").code == 2
    today = datetime.now(VIETNAM).date().isoformat()
    assert json.loads(archive(*noted, today, "--json").out) == {"root": "kho-3", "waiting": 0}
    assert archive(*noted, today).code == 2


def test_what_the_stores_did_is_told_in_the_words_of_the_page(archive: Terminal) -> None:
    assert archive("init").code == 0
    said = archive("storage", "probe")
    assert said.code == 0 and said.out.startswith("kho-chinh:\n  Never replaces a file: yes\n")
    told = archive("--language", "vi", "storage", "probe").out.splitlines()
    assert told[:2] == ["kho-chinh:", "  Không ghi đè tệp đã có: có"]
    assert "  Khóa đối tượng: không có" in told and "ban-sao:" in told
    assert not [line for line in told if "=" in line or "_" in line]
