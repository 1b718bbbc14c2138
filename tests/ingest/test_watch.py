"""The watched folder takes what was renamed into place, and says why it does not take the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.work import Archive
from ingest.models import SipState
from ingest.process import process_sip
from ingest.watch import watch_folder
from tests.archives import House, make_house
from tests.builders import BagBuilder
from tests.sending import codes, packed, sip_of, sips


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "nhan"
    folder.mkdir()
    house = make_house(tmp_path, watch=folder, watch_account="producer")
    yield house
    house.archive.close()


def folder(archive: Archive) -> Path:
    assert archive.settings.watch is not None
    return archive.settings.watch


def test_a_package_is_taken_once_and_moved_aside(watched: House, tmp_path: Path) -> None:
    place = folder(watched.archive)
    packed(tmp_path).rename(place / "goi.zip")
    assert watch_folder(watched.archive) == 1
    assert watch_folder(watched.archive) == 0
    assert [sip.submitted_by for sip in sips(watched)] == [watched.people["producer"].id]
    assert sorted(p.relative_to(place).as_posix() for p in place.rglob("*")) == ["taken", "taken/goi.zip"]


def test_the_folder_of_a_bag_is_taken_whole_and_once(watched: House) -> None:
    place = folder(watched.archive)
    BagBuilder().build(place / "goi")
    assert [watch_folder(watched.archive) for _ in range(2)] == [1, 0]
    assert (place / "taken/goi/bagit.txt").is_file()
    [sip] = sips(watched)
    process_sip(watched.archive, str(sip.id))
    assert (sip_of(watched, sip.id).state, sip_of(watched, sip.id).errors) == (SipState.awaiting_decision, 0)


def test_links_in_a_watched_folder_are_never_followed(watched: House) -> None:
    place = folder(watched.archive)
    (BagBuilder().build(place / ".goi") / "data/lien-ket").symlink_to("/etc/passwd")
    (place / ".goi").rename(place / "goi")
    watch_folder(watched.archive)
    [sip] = sips(watched)
    process_sip(watched.archive, str(sip.id))
    assert codes(watched, sip.id) == ["container-symlink"]


def test_a_folder_that_is_no_bag_is_refused_with_a_text(watched: House) -> None:
    place = folder(watched.archive)
    (place / "anh").mkdir()
    assert watch_folder(watched.archive) == 0
    assert "bagit.txt" in (place / "refused/anh.txt").read_text()


def test_what_is_still_being_written_is_left_alone(watched: House) -> None:
    place = folder(watched.archive)
    for name in ("goi.zip.part", ".goi.zip", "goi.tmp"):
        (place / name).write_bytes(b"PK\x03\x04")
    (place / "lien-ket.zip").symlink_to("/etc/passwd")
    assert watch_folder(watched.archive) == 0
    assert len(list(place.iterdir())) == 4


def test_what_is_no_package_is_refused_with_a_text(watched: House) -> None:
    place = folder(watched.archive)
    (place / "thu.zip").write_bytes(b"khong phai goi")
    watch_folder(watched.archive)
    assert (place / "refused/thu.zip").exists()
    assert "zip" in (place / "refused/thu.zip.txt").read_text()
    assert sips(watched) == []


def test_a_run_cut_off_before_moving_takes_nothing_twice(watched: House, tmp_path: Path) -> None:
    place, package = folder(watched.archive), packed(tmp_path).read_bytes()
    for _ in range(2):
        (place / "goi.zip").write_bytes(package)
        watch_folder(watched.archive)
    assert len(sips(watched)) == 1
    assert (place / "taken/2-goi.zip").exists()


def test_an_unknown_account_takes_nothing(tmp_path: Path) -> None:
    house = make_house(tmp_path, watch=tmp_path, watch_account="khong-co")
    with pytest.raises(NotPossible):
        watch_folder(house.archive)
    house.archive.close()


def test_an_account_that_may_not_submit_leaves_the_files(tmp_path: Path) -> None:
    place = tmp_path / "nhan"
    place.mkdir()
    house = make_house(tmp_path, watch=place, watch_account="reader")
    packed(tmp_path).rename(place / "goi.zip")
    with pytest.raises(Forbidden):
        watch_folder(house.archive)
    assert (place / "goi.zip").exists()
    house.archive.close()
