"""The keystore and the plain view, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def encrypted(archive: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    roots = [
        {"id": f"r{n}", "url": (tmp_path / f"s{n}").as_uri(), "failure_domain": str(n), "encrypted": n == 2}
        for n in (1, 2)
    ]
    monkeypatch.setenv("ARCHIVE_STORAGE", json.dumps(roots))
    said = archive("--language", "en", "keys", "escrow", "new")
    monkeypatch.setenv("ARCHIVE_KEYSTORE__ESCROW", said.out.partition("escrow = ")[2])
    assert archive("init").code == 0
    return archive


def test_a_lost_key_is_told_mended_and_then_no_more(encrypted: Terminal, tmp_path: Path) -> None:
    assert encrypted("keys", "check").code == 0
    next((tmp_path / "var/keystore/2").rglob("*.age")).unlink()
    said = encrypted("keys", "check", "--mend", "--json")
    assert (said.code, [each["kind"] for each in json.loads(said.out)["faults"]]) == (1, ["missing"])
    assert encrypted("keys", "check").code == 0


def test_a_new_master_key_and_what_belongs_in_the_safe(encrypted: Terminal, tmp_path: Path) -> None:
    count = len(list((tmp_path / "var/keystore/1").rglob("*.age")))
    assert json.loads(encrypted("keys", "rotate", "--json").out)["wrapped"] == count > 0
    said = encrypted("keys", "escrow", "export", tmp_path / "safe", "--json")
    assert (said.code, json.loads(said.out)["keys"]) == (0, count)
    assert encrypted("keys", "escrow", "export", tmp_path / "safe").code == 2


def test_a_plain_view_is_written_and_passes_the_check(encrypted: Terminal, tmp_path: Path) -> None:
    said = encrypted("storage", "export", "r2", tmp_path / "view", "--json")
    assert (said.code, json.loads(said.out)["objects"] > 0) == (0, True)
    assert encrypted("ocfl", "check", tmp_path / "view").code == 0
    assert encrypted("ocfl", "check", tmp_path / "s2").code == 1
    assert encrypted("storage", "export", "r9", tmp_path / "other").code == 2


def test_what_a_plain_view_cannot_give_is_named_and_makes_exit_code_1(
    encrypted: Terminal, tmp_path: Path
) -> None:
    for sealed in (each for each in (tmp_path / "s2/ocfl").rglob("*") if each.is_file()):
        if sealed.stat().st_size > 600:
            sealed.write_bytes(sealed.read_bytes()[:400] + b"x" + sealed.read_bytes()[401:] + b"x")
    said = encrypted("storage", "export", "r2", tmp_path / "view")
    assert said.code == 1 and "Cannot be given: urn:vn-archive:system:" in said.out


def test_an_archive_without_encrypted_roots_has_no_keystore(archive: Terminal) -> None:
    archive("init")
    said = archive("--language", "en", "keys", "check")
    assert (said.code, "no storage root is encrypted" in said.err) == (2, True)
