"""Containers: what is unpacked whole, and what leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_service.kernel.findings import Finding
from ingest.containers import open_container
from ingest.unpack import (
    FOLDER,
    GZIP,
    TAR,
    ZIP,
    ContainerFault,
    Limits,
    bag_root,
    media_type,
    read_metadata_only,
    unpack,
)
from preservation.bagit.check import check_bag
from preservation.description import METADATA
from tests.builders import BagBuilder

SMALL = Limits(total_bytes=1 << 20, files=20, depth=5, ratio=50, ratio_from_bytes=1 << 16)
Files = dict[str, bytes]


def zip_of(out: Path, files: Files) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def tar_of(out: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(out, "w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return out


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size if kind == tarfile.REGTYPE else 0, link
    return info


def codes(container: Path, into: Path, limits: Limits = SMALL) -> list[str]:
    findings = unpack(container, media_type(container), into, limits)
    assert into.exists() is not bool(findings), "a refused package leaves nothing"
    return [each.code for each in findings]


@pytest.mark.parametrize(("name", "kind"), [("goi.zip", ZIP), ("goi.tar", TAR), ("goi.tar.gz", GZIP)])
def test_a_good_package_is_unpacked_whole(tmp_path: Path, name: str, kind: str) -> None:
    builder = BagBuilder()
    container = builder.zip(tmp_path / name) if kind == ZIP else builder.tar(tmp_path / name)
    assert media_type(container) == kind
    assert unpack(container, kind, tmp_path / "into") == []
    assert check_bag(bag_root(tmp_path / "into")).findings == []


def test_a_folder_is_copied_whole(tmp_path: Path) -> None:
    bag = BagBuilder().build(tmp_path / "goi")
    assert media_type(bag) == FOLDER
    assert unpack(bag, FOLDER, tmp_path / "into") == []
    assert bag_root(tmp_path / "into") == tmp_path / "into"
    assert check_bag(tmp_path / "into").findings == []


@pytest.mark.parametrize("name", ["goi.zip", "goi.tar", "goi.tar.gz"])
def test_the_metadata_is_read_and_nothing_else_is_touched(tmp_path: Path, name: str) -> None:
    builder = BagBuilder()
    container = builder.zip(tmp_path / name) if name.endswith("zip") else builder.tar(tmp_path / name)
    before = sorted(tmp_path.iterdir())
    data = read_metadata_only(container, media_type(container))
    assert data == (tmp_path / "goi" / METADATA).read_bytes()
    assert sorted(tmp_path.iterdir()) == before


def test_a_tar_made_of_the_current_folder_is_understood(tmp_path: Path) -> None:
    bag = BagBuilder().build(tmp_path / "goi")
    with tarfile.open(tmp_path / "goi.tar", "w") as archive:
        archive.add(bag, ".")
    assert codes(tmp_path / "goi.tar", tmp_path / "into") == []
    assert read_metadata_only(tmp_path / "goi.tar", TAR)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/etc/passwd", "container-path-absolute"),
        ("C:/x", "container-path-absolute"),
        ("b/../../x", "container-path-parent"),
        ("b//x", "container-path-parent"),
        ("b/./x", "container-path-parent"),
        ("b/x\\y", "container-backslash"),
        ("b/NUL.txt", "container-reserved-name"),
        ("b/com1", "container-reserved-name"),
        ("b/x. ", "container-reserved-name"),
        ("b/1/2/3/4/5", "container-too-deep"),
        ("b/" + "á" * 128, "container-name-too-long"),
        ("b/x/y", "container-file-and-folder"),
        ("b/X", "container-case-clash"),
        ("B/z", "container-case-clash"),
        ("b/e\u0301", "container-unicode-clash"),
        ("other/x", "container-several-roots"),
    ],
)
def test_a_dangerous_name_is_refused_by_its_code(tmp_path: Path, name: str, code: str) -> None:
    container = zip_of(tmp_path / "a.zip", {"b/x": b"1", "b/é": b"1", name: b"2"})
    assert code in codes(container, tmp_path / "into")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (tarfile.SYMTYPE, "container-symlink"),
        (tarfile.LNKTYPE, "container-hardlink"),
        (tarfile.CHRTYPE, "container-special-file"),
        (tarfile.FIFOTYPE, "container-special-file"),
        (tarfile.GNUTYPE_SPARSE, "container-special-file"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes, code: str) -> None:
    container = tar_of(tmp_path / "a.tar", member("b/x"), member("b/y", kind, link="/etc/passwd"))
    assert codes(container, tmp_path / "into") == [code]


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("b/y")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert codes(tmp_path / "a.zip", tmp_path / "into") == ["container-symlink"]


def test_a_symbolic_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    bag = BagBuilder().build(tmp_path / "goi")
    (bag / "data/lien-ket").symlink_to("/etc/passwd")
    assert codes(bag, tmp_path / "into") == ["container-symlink"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_an_entry_given_twice_is_refused_and_its_metadata_not_trusted(tmp_path: Path, form: str) -> None:
    container = tmp_path / f"a.{form}"
    if form == "zip":
        with zipfile.ZipFile(container, "w") as archive:
            archive.writestr(f"b/{METADATA}", "1")
            archive.writestr(f"b/{METADATA}", "2")
    else:
        tar_of(container, member(f"b/{METADATA}"), member(f"b/{METADATA}"))
    assert codes(container, tmp_path / "into") == ["container-duplicate-entry"]
    with pytest.raises(ContainerFault) as refused:
        read_metadata_only(container, media_type(container))
    assert refused.value.finding.code == "container-duplicate-entry"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    container = zip_of(tmp_path / "a.zip", {"b/x": b"\0" * (1 << 19)})
    assert set(codes(container, tmp_path / "into")) == {"container-bomb"}


def test_a_packed_tar_bomb_is_refused(tmp_path: Path) -> None:
    plain = tar_of(tmp_path / "a.tar", member("b/x", size=1 << 19))
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert codes(packed, tmp_path / "into") == ["container-bomb"]


def test_a_packed_stream_without_end_is_stopped(tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(tar_of(tmp_path / "a.tar", member("b/x", size=1 << 23)).read_bytes()))
    assert codes(packed, tmp_path / "into") == ["container-too-large"]


def test_more_bytes_or_files_than_agreed_are_refused(tmp_path: Path) -> None:
    large = zip_of(tmp_path / "a.zip", {f"b/{number}": os.urandom(1 << 17) for number in range(9)})
    assert codes(large, tmp_path / "into") == ["container-too-large"]
    many = zip_of(tmp_path / "b.zip", {f"b/{number}": b"" for number in range(21)})
    assert codes(many, tmp_path / "into") == ["container-too-many"]


def test_a_directory_of_millions_is_not_even_read(tmp_path: Path) -> None:
    many = zip_of(tmp_path / "b.zip", {f"b/{number}": b"" for number in range(12_000)})
    assert codes(many, tmp_path / "into") == ["container-too-many"]


def test_a_header_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    container = tmp_path / "a.tar"
    container.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10240)
    with pytest.raises(ContainerFault), open_container(container, TAR, Limits()) as source:
        list(source.entries())


def overlapping(tmp_path: Path) -> Path:
    """Two directory entries that share one body."""
    container = zip_of(tmp_path / "a.zip", {"b/x": b"same", "b/y": b"same"})
    data = bytearray(container.read_bytes())
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = b"\0\0\0\0"
    data[second + 46 : second + 49] = b"b/x"
    container.write_bytes(bytes(data))
    return container


def encrypted(tmp_path: Path) -> Path:
    container = zip_of(tmp_path / "a.zip", {f"b/{METADATA}": b"x"})
    data = bytearray(container.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    container.write_bytes(bytes(data))
    return container


def cut(tmp_path: Path) -> Path:
    container = zip_of(tmp_path / "a.zip", {"b/x": os.urandom(5000)})
    container.write_bytes(container.read_bytes()[:3000])
    return container


def cut_tar(tmp_path: Path) -> Path:
    container = tar_of(tmp_path / "a.tar", member("b/x", size=50_000))
    container.write_bytes(container.read_bytes()[:3000])
    return container


def damaged(tmp_path: Path) -> Path:
    container = zip_of(tmp_path / "a.zip", {"b/0": b"good", "b/x": os.urandom(5000)})
    data = bytearray(container.read_bytes())
    data[2000] ^= 1
    container.write_bytes(bytes(data))
    return container


def strange_method(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("b/x", "x")
    return tmp_path / "a.zip"


def latin_names(tmp_path: Path) -> Path:
    container = zip_of(tmp_path / "a.zip", {"b/xx": b""})
    container.write_bytes(container.read_bytes().replace(b"b/xx", b"b/\xe0x"))
    return container


def latin_tar(tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "a.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(member("b/à", size=0))
    return tmp_path / "a.tar"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (overlapping, "container-overlap"),
        (encrypted, "container-encrypted"),
        (cut, "container-unreadable"),
        (cut_tar, "container-unreadable"),
        (damaged, "container-unreadable"),
        (strange_method, "container-unreadable"),
        (latin_names, "container-name-encoding"),
        (latin_tar, "container-name-encoding"),
    ],
)
def test_a_container_that_cannot_be_trusted_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    assert code in codes(make(tmp_path), tmp_path / "into")


def test_what_is_no_container_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"%PDF-1.7")
    with pytest.raises(ContainerFault) as refused:
        media_type(tmp_path / "a.zip")
    assert refused.value.finding == Finding(
        "container-type-unknown", "", b"%PDF-1.7".hex(), "zip, tar, tar.gz"
    )


def test_all_faults_of_a_container_are_told_at_once(tmp_path: Path) -> None:
    container = zip_of(tmp_path / "a.zip", {"b/x": b"", "b/X": b"", "/y": b"", "b/../z": b""})
    assert {"container-case-clash", "container-path-absolute", "container-path-parent"} <= set(
        codes(container, tmp_path / "into")
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (encrypted, "container-encrypted"),
        (strange_method, "container-unreadable"),
        (cut, "container-unreadable"),
    ],
)
def test_metadata_that_cannot_be_read_is_told(
    tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    with pytest.raises(ContainerFault) as refused:
        read_metadata_only(make(tmp_path), ZIP)
    assert refused.value.finding.code == code


def test_metadata_that_is_missing_or_too_large_is_told(tmp_path: Path) -> None:
    for name, code in ((f"b/x/{METADATA}", "metadata-missing"), (f"b/{METADATA}", "metadata-unreadable")):
        container = zip_of(tmp_path / "a.zip", {name: b"12345"})
        with pytest.raises(ContainerFault) as refused:
            read_metadata_only(container, ZIP, Limits(metadata_bytes=4))
        assert refused.value.finding.code == code


def test_a_full_disk_is_our_fault_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    container = BagBuilder().zip(tmp_path / "goi.zip")
    monkeypatch.setattr(
        "ingest.unpack._blocks", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(OSError, match="No space"):
        unpack(container, ZIP, tmp_path / "into")
    assert not (tmp_path / "into").exists()
