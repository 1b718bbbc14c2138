"""The bag: what we write, what we read, and every fault that must be told."""

from __future__ import annotations

import hashlib
import tracemalloc
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import bagit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.bagit.check import check_bag
from preservation.bagit.manifests import decode_path, encode_path, is_safe
from preservation.bagit.read import read_bag
from preservation.bagit.write import write_bag

PAYLOAD = {"data/một.txt": b"mot", "data/phụ lục/hai.txt": b"hai"}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return write_bag(tmp_path / "bag", PAYLOAD, [("Source-Organization", "Sở Nội vụ")])


def codes(root: Path) -> list[str]:
    return [each.code for each in check_bag(root).findings]


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def without_tag_manifests(bag: Path) -> None:
    """A changed tag file then raises its own finding alone."""
    for each in bag.glob("tagmanifest-*.txt"):
        each.unlink()


def test_a_bag_we_write_has_no_fault(bag: Path) -> None:
    assert codes(bag) == []
    assert read_bag(bag).oxum == (6, 2)
    assert read_bag(bag).info_value("source-organization") == "Sở Nội vụ"


def test_the_reference_library_agrees_with_our_bag(bag: Path) -> None:
    assert bagit.Bag(str(bag)).validate()


def test_we_agree_with_a_bag_of_the_reference_library(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "một\nhai.txt").write_bytes(b"x")
    bagit.make_bag(str(folder), checksums=["md5", "sha256"])
    assert codes(folder) == []
    assert read_bag(folder).version == "0.97"


def test_both_find_the_same_changed_byte(bag: Path) -> None:
    (bag / "data/một.txt").write_bytes(b"MOT")
    found = [each for each in check_bag(bag).findings if each.code == "bag-digest-mismatch"]
    assert {each.path for each in found} == {"data/một.txt"}
    assert found[0].got == "sha256 " + hashlib.sha256(b"MOT").hexdigest()
    assert found[0].expected == hashlib.sha256(b"mot").hexdigest()
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(bag)).validate()


def test_what_was_learned_can_be_kept(bag: Path) -> None:
    learned = check_bag(bag).learned["data/một.txt"]
    assert learned.size == 3
    assert learned.digests["sha512"] == hashlib.sha512(b"mot").hexdigest()


def test_the_literal_manifest_of_a_name_with_percent_and_line_break(tmp_path: Path) -> None:
    """Reference libraries are wrong about "%", so this line is the judge: RFC 8493, 2.1.3."""
    bag = write_bag(tmp_path / "bag", {"data/50%\r\n.txt": b"abc"})
    digest = hashlib.sha256(b"abc").hexdigest()
    assert (bag / "manifest-sha256.txt").read_bytes() == f"{digest}  data/50%25%0D%0A.txt\n".encode()
    assert codes(bag) == []


def test_before_1_0_an_escape_may_be_part_of_the_name(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", {"data/a%0Ab.txt": b"x"})
    (bag / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    for each in bag.glob("manifest-*.txt"):
        rewrite(each, lambda raw: raw.replace(b"%250A", b"%0A"))
    without_tag_manifests(bag)
    assert codes(bag) == ["bag-tag-manifest-missing"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_path_survives_the_manifest(path: str) -> None:
    assert decode_path(encode_path(path), percent=True) == path


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=40
        ).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200),
        st.binary(max_size=50),
        max_size=4,
    )
)
def test_any_names_and_bytes_survive_writing_and_reading(files: dict[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        bag = write_bag(Path(folder) / "bag", {f"data/{name}": content for name, content in files.items()})
        assert codes(bag) == []
        assert set(read_bag(bag).payload) == {f"data/{name}" for name in files}


@pytest.mark.parametrize("path", ["/etc/x", "data/../x", "~/x", "data//x", "data/./x", "data\\x", "a\0b", ""])
def test_a_path_that_leaves_the_bag_is_unsafe(path: str) -> None:
    assert not is_safe(path)


def test_a_payload_path_outside_data_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a payload path"):
        write_bag(tmp_path / "bag", {"data/../x": b""})


def drop_declaration(bag: Path) -> None:
    (bag / "bagit.txt").unlink()


def declare(text: str) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        (bag / "bagit.txt").write_text(text, encoding="utf-8")

    return change


def add_line(line: str, name: str = "manifest-sha256.txt") -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        rewrite(bag / name, lambda raw: raw + line.encode())

    return change


def latin_info(bag: Path) -> None:
    (bag / "bag-info.txt").write_bytes("Note: à".encode("latin-1"))


def begin_with_mark(bag: Path) -> None:
    rewrite(bag / "manifest-sha256.txt", lambda raw: b"\xef\xbb\xbf" + raw)


def only_md5(bag: Path) -> None:
    for each in bag.glob("manifest-*.txt"):
        each.unlink()
    lines = [f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, content in PAYLOAD.items()]
    (bag / "manifest-md5.txt").write_text("".join(lines), encoding="utf-8")


def no_manifest(bag: Path) -> None:
    for each in bag.glob("manifest-*.txt"):
        each.unlink()


def odd_algorithm(bag: Path) -> None:
    (bag / "manifest-crc32.txt").write_text("")


def repeat_a_line(bag: Path) -> None:
    rewrite(bag / "manifest-sha256.txt", lambda raw: raw + raw.splitlines(keepends=True)[0])


def star_paths(bag: Path) -> None:
    rewrite(bag / "manifest-sha256.txt", lambda raw: raw.replace(b"  data", b" *./data"))


def drop_a_line(bag: Path) -> None:
    rewrite(bag / "manifest-sha256.txt", lambda raw: raw.split(b"\n", 1)[1])


def drop_a_file(bag: Path) -> None:
    rewrite(bag / "bag-info.txt", lambda raw: b"")
    (bag / "data/một.txt").unlink()


def add_a_file(bag: Path) -> None:
    rewrite(bag / "bag-info.txt", lambda raw: b"")
    (bag / "data/lạ.txt").write_bytes(b"")


def add_fetch(bag: Path) -> None:
    (bag / "fetch.txt").write_text("")


def add_link(bag: Path) -> None:
    (bag / "data/lien-ket").symlink_to("/etc/passwd")


def wrong_oxum(bag: Path) -> None:
    (bag / "bag-info.txt").write_text("Payload-Oxum: 7.2\n")


def odd_oxum(bag: Path) -> None:
    (bag / "bag-info.txt").write_text("Payload-Oxum: many\n")


def odd_info(bag: Path) -> None:
    (bag / "bag-info.txt").write_text("no colon here\n")


ZEROS = "0" * 64
BROKEN: list[tuple[Callable[[Path], None], str]] = [
    (drop_declaration, "bag-declaration-missing"),
    (declare("BagIt-Version: 1.0\n"), "bag-declaration"),
    (declare("\ufeffBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), "bag-declaration"),
    (declare("BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n"), "bag-version"),
    (declare("BagIt-Version: 1.0\nTag-File-Character-Encoding: zip\n"), "bag-encoding"),
    (latin_info, "bag-encoding"),
    (begin_with_mark, "bag-bom"),
    (no_manifest, "bag-manifest-missing"),
    (only_md5, "bag-manifest-weak"),
    (odd_algorithm, "bag-algorithm-unknown"),
    (add_line("no digest here\n"), "bag-manifest-syntax"),
    (star_paths, "bag-manifest-style"),
    (repeat_a_line, "bag-manifest-repeated"),
    (add_line(f"{ZEROS}  bagit.txt\n"), "bag-manifest-scope"),
    (add_line(f"{ZEROS}  data/../../etc/passwd\n"), "bag-path-unsafe"),
    (drop_a_line, "bag-manifest-incomplete"),
    (add_fetch, "bag-fetch"),
    (add_link, "bag-special-file"),
    (drop_a_file, "bag-file-missing"),
    (add_a_file, "bag-file-undeclared"),
    (wrong_oxum, "bag-oxum"),
    (odd_oxum, "bag-oxum-syntax"),
    (odd_info, "bag-info-syntax"),
]


@pytest.mark.parametrize(("break_it", "code"), BROKEN, ids=lambda each: each if isinstance(each, str) else "")
def test_each_fault_is_told_by_its_code_alone(bag: Path, break_it: Callable[[Path], None], code: str) -> None:
    break_it(bag)
    without_tag_manifests(bag)
    assert set(codes(bag)) == {code, "bag-tag-manifest-missing"}


def test_a_changed_tag_file_is_found_by_the_tag_manifest(bag: Path) -> None:
    rewrite(bag / "bag-info.txt", lambda raw: raw.replace("Sở".encode(), "Bộ".encode()))
    assert set(codes(bag)) == {"bag-digest-mismatch"}


def test_a_bag_without_payload_folder_is_told(bag: Path) -> None:
    without_tag_manifests(bag)
    for path in PAYLOAD:
        (bag / path).unlink()
    (bag / "data/phụ lục").rmdir()
    (bag / "data").rmdir()
    assert "bag-payload-missing" in codes(bag)


def test_a_name_that_is_no_utf8_is_told_and_not_printed(bag: Path) -> None:
    (bag / "data" / b"\xff.txt".decode("utf-8", "surrogateescape")).write_bytes(b"")
    assert codes(bag) == ["container-name-encoding"]


def test_a_name_whose_marks_are_encoded_otherwise_is_told_as_that(bag: Path) -> None:
    name = "data/một.txt"
    (bag / name).rename(bag / unicodedata.normalize("NFD", name))
    [finding] = check_bag(bag).findings
    assert (finding.code, finding.path) == ("file-name-form", unicodedata.normalize("NFD", name))


def test_all_faults_are_told_at_once(bag: Path) -> None:
    add_fetch(bag)
    (bag / "data/một.txt").write_bytes(b"xxxxxxx")
    assert {"bag-fetch", "bag-digest-mismatch", "bag-oxum"} <= set(codes(bag))


def test_a_large_file_is_digested_in_flat_memory(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate(64 << 20)
    tracemalloc.start()
    bag = write_bag(tmp_path / "bag", {"data/big": big})
    assert codes(bag) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_utf_16_tag_files_are_read(bag: Path) -> None:
    without_tag_manifests(bag)
    declare("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n")(bag)
    for each in [*bag.glob("manifest-*.txt"), bag / "bag-info.txt"]:
        each.write_bytes(each.read_text(encoding="utf-8").encode("utf-16"))
    assert codes(bag) == ["bag-tag-manifest-missing"]
