"""Reading: what is given, to whom, and that the log knew it before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Missing, NotPossible
from preservation.aips.proven import NoGoodCopy
from preservation.models import Copy, Dossier, FileObject
from preservation.ocfl.layout import object_path
from preservation.reading.find import entries_of
from preservation.reading.read import NoPicture, open_file, page_image, page_text
from tests.archives import House, make_house
from tests.builders import CODE, BagBuilder
from tests.made import pdf
from tests.preservation.dossiers import flip
from tests.sending import another, files_of, packed, stored, verbs

FIRST = f"data/{CODE}.001.pdf"
LETTER = pdf("Tờ trình về kho lưu trữ", "Trang hai")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests here: furnishing takes long."""
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


@pytest.fixture(scope="module")
def dossier(house: House, tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return stored(house, packed(tmp_path_factory.mktemp("goi"), BagBuilder(files={FIRST: LETTER})))


def original(house: House, dossier: Dossier) -> FileObject:
    return files_of(house, dossier.id)[f"{CODE}.001.pdf"]


def test_the_bytes_come_back_as_they_were_sent(house: House, dossier: Dossier) -> None:
    file = original(house, dossier)
    with open_file(house.archive, house.actor("reader"), file.id) as opened:
        assert opened.stream.read() == LETTER
        assert opened.name == f"{CODE}.001.pdf"


def test_a_download_is_in_the_log_before_its_first_byte(house: House, dossier: Dossier) -> None:
    with open_file(house.archive, house.actor("reader"), original(house, dossier).id):
        assert verbs(house)[-1] == "file.downloaded"


def test_a_page_is_drawn_once_and_logged_each_time(house: House, dossier: Dossier) -> None:
    key, reader = original(house, dossier).id, house.actor("reader")
    first = page_image(house.archive, reader, key, 1, 400)
    assert page_image(house.archive, reader, key, 1, 400) == first
    assert verbs(house)[-2:] == ["document.page-read"] * 2
    assert first[1] == "image/png" and first[0].startswith(b"\x89PNG")


def test_a_page_that_is_not_there_has_no_picture(house: House, dossier: Dossier) -> None:
    with pytest.raises(NoPicture):
        page_image(house.archive, house.actor("reader"), original(house, dossier).id, 99, 400)


def test_only_known_widths_are_drawn(house: House, dossier: Dossier) -> None:
    with pytest.raises(NotPossible):
        page_image(house.archive, house.actor("reader"), original(house, dossier).id, 1, 401)


def test_the_text_is_read_by_pages(house: House, dossier: Dossier) -> None:
    pages = page_text(house.archive, house.actor("reader"), original(house, dossier).id)
    assert "kho lưu trữ" in pages[0]


def test_an_administrator_reads_no_content(house: House, dossier: Dossier) -> None:
    with (
        pytest.raises(Missing),
        open_file(house.archive, house.actor("administrator"), original(house, dossier).id),
    ):
        pass


def test_the_bags_own_files_go_by_the_strictest_document(house: House, tmp_path: Path) -> None:
    mixed = stored(house, packed(tmp_path, another("33.TTr", document={"Mode": "Hạn chế"})))
    metadata = files_of(house, mixed.id)["metadata.xml"]
    with pytest.raises(Missing), open_file(house.archive, house.actor("reader"), metadata.id):
        pass
    with open_file(house.archive, house.actor("officer"), metadata.id) as opened:
        assert opened.stream.read(5) == b"<?xml"


def copies(house: House, object_id: str, name: str) -> list[Path]:
    """The file in the first and in the second root."""
    roots = (house.archive.settings.data / "storage" / number for number in "12")
    return [next((root / object_path(object_id)).rglob(name)) for root in roots]


def test_a_damaged_copy_is_passed_over_and_the_audit_told(house: House, tmp_path: Path) -> None:
    damaged = stored(house, packed(tmp_path, another("40.TTr", files={FIRST: LETTER})))
    flip(copies(house, damaged.object_id, f"{CODE}.001.pdf")[1])  # the one that is asked first
    with open_file(house.archive, house.actor("reader"), original(house, damaged).id) as opened:
        assert opened.stream.read() == LETTER
    with house.archive.look(THE_ARCHIVE) as work:
        due = select(Copy.root_id).where(Copy.dossier_id == damaged.id, Copy.next_check <= work.now())
        assert work.session.scalars(due).all() == ["ban-sao"]


def test_a_text_that_is_damaged_everywhere_is_never_shown_and_its_record_still_found(
    house: House, tmp_path: Path
) -> None:
    damaged = stored(house, packed(tmp_path, another("41.TTr", files={FIRST: LETTER})))
    for copy in copies(house, damaged.object_id, f"{CODE}.001.pdf.txt"):
        flip(copy)
    with pytest.raises(NoGoodCopy):
        page_text(house.archive, house.actor("reader"), original(house, damaged).id)
    first, second, *_ = entries_of(house.archive, [damaged])
    assert (first.kind, second.kind, second.text) == ("dossier", "document", "")
