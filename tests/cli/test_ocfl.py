"""`archive ocfl check`: anybody's roots and objects by the specification, our own also by what we write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from preservation.ocfl.store import write_version
from preservation.roots.markers import MARKER
from tests.cli.terminal import Terminal
from tests.preservation.ocfl.conftest import new_root
from tests.preservation.ocfl.made import planned
from tests.preservation.ocfl.spec.built import Built, edit, root


def told(archive: Terminal, *words: object) -> tuple[int, list[str]]:
    said = archive("ocfl", "check", *words, "--json")
    return said.code, [each["code"] for each in json.loads(said.out)]


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A store of ours with one object, marker and all."""
    store = new_root(tmp_path / "store")
    write_version(store, planned())
    store.put(MARKER, b"{}")
    return tmp_path / "store"


def our_object(store: Path) -> Path:
    return next(store.glob("ocfl/*/*/*/urn*"))


def test_a_storage_root_and_one_object_are_checked(archive: Terminal, tmp_path: Path) -> None:
    archive("init")
    place = tmp_path / "var/storage/1"
    assert archive("ocfl", "check", place).code == 0
    assert archive("ocfl", "check", place / "ocfl", "--no-digest", "--json").out.strip() == "[]"
    (place / "ocfl/0=ocfl_1.1").unlink()
    assert told(archive, place)[0] == 1
    assert "E069" in told(archive, place)[1]


def test_others_roots_and_objects_are_good_wherever_they_lie(archive: Terminal, tmp_path: Path) -> None:
    root(tmp_path / "others", {"a/b/c/o": Built(spec="1.0", content="stuff", padding=4)}, spec="1.0")
    for place in ("others", "others/a/b/c/o"):
        code, codes = told(archive, tmp_path / place)
        assert (code, set(codes)) == (0, {"W001"})


def test_warnings_alone_end_with_0_and_errors_with_1(archive: Terminal, tmp_path: Path) -> None:
    folder = Built(algorithms=("sha256",)).build(tmp_path / "o")
    said = archive("ocfl", "check", folder)
    assert said.code == 0
    assert said.out.startswith("WARNING W004 inventory.json: sha512 should be used (")
    assert said.out.endswith("0 errors, 2 warnings.\n")
    (folder / "stray").write_bytes(b"")
    assert archive("ocfl", "check", folder).code == 1


def test_a_finding_is_told_in_vietnamese_and_with_its_severity(archive: Terminal, tmp_path: Path) -> None:
    folder = Built().build(tmp_path / "o")
    (folder / "v1/content/a.txt").write_bytes(b"changed")
    said = archive("--language", "vi", "ocfl", "check", folder, "--json")
    (found,) = json.loads(said.out)
    assert (found["code"], found["severity"], found["path"]) == ("E092", "error", "v1/content/a.txt")
    assert found["sentence"] == "Tệp thiếu hoặc không khớp mã băm của bản kê"
    assert archive("ocfl", "check", folder, "--no-digest").code == 0


def test_our_own_root_must_be_what_we_write(archive: Terminal, ours: Path) -> None:
    for place in (ours, ours / "ocfl", our_object(ours)):
        assert told(archive, place) == (0, [])
    edit(lambda document: None, "", "v1")(our_object(ours))  # the same inventory, in other bytes
    for place in (ours, ours / "ocfl", our_object(ours)):
        code, codes = told(archive, place)
        assert (code, set(codes)) == (1, {"A002"})
        assert told(archive, place, "--profile", "spec") == (0, [])


def test_what_only_we_forbid_is_never_told_by_a_code_of_the_specification(
    archive: Terminal, ours: Path
) -> None:
    (our_object(ours) / "logs").mkdir()
    (our_object(ours) / "logs/audit.txt").write_bytes(b"")
    assert told(archive, ours) == (1, ["A002"])
    assert told(archive, ours, "--profile", "spec") == (0, [])


def test_a_root_without_our_marker_is_anybodys_until_it_is_said_to_be_ours(
    archive: Terminal, ours: Path, tmp_path: Path
) -> None:
    (ours / MARKER).unlink()
    (our_object(ours) / "logs").mkdir()
    (our_object(ours) / "logs/audit.txt").write_bytes(b"")
    for place in (ours, ours / "ocfl", our_object(ours)):
        assert told(archive, place) == (0, [])
        assert told(archive, place, "--profile", "archive") == (1, ["A002"])
    foreign = Built().build(tmp_path / "o")
    assert archive("ocfl", "check", foreign, "--profile", "archive").code == 2


def test_what_is_not_there_or_no_folder_is_one_sentence(archive: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert archive("ocfl", "check", "nowhere").err == "There is no nowhere.\n"
    assert archive("ocfl", "check", tmp_path / "file").code == 2


def test_an_empty_folder_is_neither_root_nor_object(archive: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, codes = told(archive, tmp_path / "empty")
    assert (code, set(codes)) == (1, {"E003", "E063", "E069"})


def test_hostile_names_never_reach_the_terminal(archive: Terminal, tmp_path: Path) -> None:
    folder = Built().build(tmp_path / "o")
    for name in (b"\x1b[31mred", b"not utf-8 \xff", "xóa".encode()):
        (folder / os.fsdecode(name)).write_bytes(b"")
    said = archive("ocfl", "check", folder)
    assert said.code == 1
    assert "\x1b" not in said.out
    assert "\\x1b[31mred" in said.out


def test_a_bucket_is_checked_as_a_folder_is(
    archive: Terminal, s3_server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    bucket = s3_server.new_bucket()

    def at(path: str) -> str:
        return f"s3://{bucket}{quote(path)}?endpoint={s3_server.endpoint}"

    from archive_service.kernel.objects import open_store
    from preservation.ocfl.store import init_root

    store = open_store(at(""))
    init_root(store)
    write_version(store, planned())
    store.put(MARKER, b"{}")
    inventory = next(each.key for each in store.list("ocfl") if each.key.endswith("v1/inventory.json"))
    folder = inventory.removesuffix("/v1/inventory.json")
    assert told(archive, at("")) == (0, [])
    store.put(f"{folder}/logs/audit.txt", b"")
    for place in ("", "/ocfl", f"/{folder}"):
        assert told(archive, at(place)) == (1, ["A002"])
    assert told(archive, at(""), "--profile", "spec") == (0, [])
    assert archive("ocfl", "check", at("/nothing")).code == 2


def test_a_store_that_does_not_answer_is_named_with_the_reason(archive: Terminal) -> None:
    said = archive("--language", "vi", "ocfl", "check", "s3://kho/goc?endpoint=http://127.0.0.1:9")
    assert said.code == 2
    assert said.err.startswith("Kho lưu trữ đang không phản hồi: ") and "kho" in said.err
    assert "tự thử lại" not in said.err
