"""A folder of documents and a dossier.toml become a package that the archive's own checks find nothing wrong with."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.kernel.errors import NotPossible
from archive_service.regulations import load
from ingest.checks.metadata import metadata_faults
from ingest.checks.structure import structure_faults
from ingest.sip_build import build_sip
from ingest.unpack import bag_root, media_type, unpack
from preservation.bagit.check import check_bag
from preservation.bagit.read import read_bag
from tests.builders import description_of

TOML = """
[dossier]
OrganId = "000.00.12.H43"
FileCatalog = 2020
FileNotation = "31/TTr"
Title = "Tập lưu tờ trình năm 2020"
Maintenance = "20 năm"
Rights = "Công khai"
Language = ["Tiếng Việt", "Tiếng Anh"]
StartDate = 2020-01-02
EndDate = "12/2020"

[[document]]
files = ["tờ trình.PDF", "phụ lục/bảng 1.xlsx"]
TypeName = "Tờ trình"
IssuedDate = 2020-06-15
Mode = "Công khai"

[[document]]
file = "qd.pdf"
TypeName = "Quyết định"
Mode = "Hạn chế"

[bag-info]
Source-Organization = "Sở Nội vụ"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "hồ sơ"
    (folder / "phụ lục").mkdir(parents=True)
    (folder / "dossier.toml").write_text(TOML, encoding="utf-8")
    for name in ("tờ trình.PDF", "phụ lục/bảng 1.xlsx", "qd.pdf"):
        (folder / name).write_bytes(name.encode())
    return folder


def describe(folder: Path, changed: str, into: str) -> None:
    (folder / "dossier.toml").write_text(TOML.replace(changed, into), encoding="utf-8")


def test_the_package_of_a_folder_has_no_fault(folder: Path, tmp_path: Path) -> None:
    bag = build_sip(folder, tmp_path / "goi")
    description = description_of(bag)
    assert check_bag(bag).findings == []
    assert list(structure_faults(description, read_bag(bag).payload)) == []
    assert list(metadata_faults(description, load())) == []


def test_tags_are_written_as_the_law_writes_them(folder: Path, tmp_path: Path) -> None:
    tags = description_of(build_sip(folder, tmp_path / "goi")).tags
    assert tags["FileCode"] == "000.00.12.H43.2020.31/TTr"
    assert (tags["StartDate"], tags["TotalDoc"], tags["Language"]) == (
        "02/01/2020",
        "2",
        "Tiếng Việt; Tiếng Anh",
    )


def test_originals_get_the_law_s_name_and_attachments_keep_theirs(folder: Path, tmp_path: Path) -> None:
    files = [each.files for each in description_of(build_sip(folder, tmp_path / "goi")).documents]
    assert files == [
        ("data/000.00.12.H43.2020.31-TTr.001.pdf", "data/phụ lục/bảng 1.xlsx"),
        ("data/000.00.12.H43.2020.31-TTr.002.pdf",),
    ]


@pytest.mark.parametrize("name", ["goi.zip", "goi.tar", "goi.tar.gz"])
def test_a_container_holds_the_same_package(folder: Path, tmp_path: Path, name: str) -> None:
    container = build_sip(folder, tmp_path / name)
    assert unpack(container, media_type(container), tmp_path / "into") == []
    assert check_bag(bag_root(tmp_path / "into")).findings == []
    assert read_bag(bag_root(tmp_path / "into")).info_value("Source-Organization") == "Sở Nội vụ"


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_the_same_folder_gives_the_same_bytes(folder: Path, tmp_path: Path, ending: str) -> None:
    first = build_sip(folder, tmp_path / "1" / f"goi.{ending}").read_bytes()
    assert build_sip(folder, tmp_path / "2" / f"goi.{ending}").read_bytes() == first


@pytest.mark.parametrize(
    ("changed", "into", "told"),
    [
        ('file = "qd.pdf"', 'file = "khong-co.pdf"', "khong-co.pdf"),
        ('file = "qd.pdf"', 'file = "../dossier.toml"', "../dossier.toml"),
        ('file = "qd.pdf"', "", "qd.pdf"),
        ('file = "qd.pdf"', 'files = ["qd.pdf", "phụ lục/bảng 1.xlsx"]', "bảng 1.xlsx"),
        ("[dossier]", "[hoso]", "hoso"),
        ("[dossier]", "[dossier", "line 2"),
    ],
)
def test_what_cannot_be_built_is_told_by_name(
    folder: Path, tmp_path: Path, changed: str, into: str, told: str
) -> None:
    describe(folder, changed, into)
    with pytest.raises(NotPossible, match=told):
        build_sip(folder, tmp_path / "goi.zip")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hồ sơ"]


def test_an_existing_package_is_never_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "goi.zip").write_bytes(b"")
    with pytest.raises(NotPossible, match="already there"):
        build_sip(folder, tmp_path / "goi.zip")


def test_a_folder_without_description_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"no dossier\.toml"):
        build_sip(tmp_path, tmp_path / "goi")
