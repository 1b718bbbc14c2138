"""What a producer or an inspector checks offline: 0 good, 1 findings, 2 not possible; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import CODE, BagBuilder
from tests.cli.terminal import Terminal
from tests.made import authority, pdf, signed_pdf, stranger
from tests.sending import packed

BROKEN = BagBuilder(altered=f"data/{CODE}.001.pdf")


def test_a_good_package_passes_and_a_broken_one_does_not(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, broken = packed(tmp_path), packed(tmp_path, BROKEN, "hong.zip")
    assert [archive("sip", "check", path).code for path in (good, broken)] == [0, 1]
    monkeypatch.chdir(tmp_path)
    typed = [path.relative_to(tmp_path) for path in (good, broken)]
    assert [archive("sip", "check", path).code for path in typed] == [0, 1]


def test_findings_are_given_as_json(archive: Terminal, tmp_path: Path) -> None:
    said = archive("sip", "check", packed(tmp_path, BROKEN), "--json")
    found = json.loads(said.out)
    assert (said.code, found[0]["code"], found[0]["severity"]) == (1, "bag-digest-mismatch", "error")


def test_findings_are_given_as_a_page_that_runs_nothing(archive: Terminal, tmp_path: Path) -> None:
    named = BagBuilder(added="data/<script>.txt")
    said = archive("sip", "check", named.build(tmp_path / "goi"), "--html")
    assert (said.code, "<script" in said.out) == (1, False)


@pytest.mark.parametrize("name", ["goi.zip", "goi.tar", "goi"])
def test_a_bag_is_checked_in_any_container(archive: Terminal, tmp_path: Path, name: str) -> None:
    def made(builder: BagBuilder, place: Path) -> Path:
        place.mkdir()
        return packed(place, builder, name) if "." in name else builder.build(place / name)

    assert archive("bag", "check", made(BagBuilder(), tmp_path / "1"), "--json").out.strip() == "[]"
    assert archive("bag", "check", made(BROKEN, tmp_path / "2")).code == 1


def test_what_is_not_there_is_one_sentence(archive: Terminal) -> None:
    said = archive("bag", "check", "khong-co")
    assert (said.code, said.err) == (2, "There is no khong-co.\n")
    assert archive("--language", "vi", "bag", "check", "khong-co").err == "Không có khong-co.\n"


def test_wrong_usage_ends_with_2(archive: Terminal) -> None:
    assert [archive("bag", "check").code, archive("nonsense").code, archive("sip", "check", "--no").code] == [
        2
    ] * 3


def test_signatures_of_a_file_are_checked_against_given_roots(archive: Terminal, tmp_path: Path) -> None:
    (tmp_path / "ky.pdf").write_bytes(signed_pdf("Signature1"))
    (tmp_path / "khong-ky.pdf").write_bytes(pdf())
    (tmp_path / "tin.pem").write_bytes(authority().root)
    (tmp_path / "la.pem").write_bytes(stranger().root)
    asked = [("ky.pdf", "tin"), ("ky.pdf", "la"), ("khong-ky.pdf", "tin"), ("tin.pem", "tin")]
    codes = [archive("signatures", "check", file, "--trust", f"{roots}.pem").code for file, roots in asked]
    assert codes == [0, 1, 1, 2]


def test_a_folder_with_a_description_becomes_a_package(archive: Terminal, tmp_path: Path) -> None:
    assert archive("sip", "build", tmp_path, "-o", tmp_path / "goi.zip").err.startswith(
        "There is no dossier.toml"
    )
