"""Finding and reading at a browser without script; and that nothing tells of what somebody may not see."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from httpx2 import Response
from openpyxl import load_workbook
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.organisation import Fonds
from preservation.models import Document, Dossier
from search.index import IndexAway
from tests.archives import House
from tests.web.visits import Browser, text_of

Visit = Callable[..., Browser]


@pytest.fixture
def house(shelves: House) -> House:
    return shelves


def dossier(house: House, words: str) -> Dossier:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Dossier).where(Dossier.title.contains(words))).one()


def document(house: House, words: str, ordinal: int) -> Document:
    with house.archive.look(THE_ARCHIVE) as work:
        own = select(Document).where(Document.dossier_id == dossier(house, words).id)
        return work.session.scalars(own.where(Document.ordinal == ordinal)).one()


def found(browser: Browser, words: str) -> int:
    """How many results the sentence of counts names; 0 when it says there is none."""
    said = re.search(r"([\d.]+) kết quả", text_of(browser.get("/search", params={"q": words})))
    return int(said.group(1)) if said else 0


def test_a_reader_finds_a_document_and_reads_its_second_page(house: House, visit: Visit) -> None:
    reader = visit("reader")
    page = reader.get("/search", params={"q": "khoang lui"})
    link = re.search(r'href="(/documents/[^"?]+)\?', page.text)
    assert link and '<mark class="hit">khoảng</mark>' in page.text
    second = reader.get(link.group(1), params={"page": 2})
    assert "Chữ của trang 2" in text_of(second)
    picture = re.search(r'<img src="([^"]+)"', second.text)
    assert picture is not None
    shown = reader.get(picture.group(1).replace("&amp;", "&"))
    assert shown.headers["content-type"] in ("image/png", "image/jpeg")


def test_three_kinds_of_reader_see_different_counts(house: House, visit: Visit) -> None:
    counts = [found(visit(who), "quyết định") for who in ("reader", "unit_reader", "officer")]
    assert 0 < counts[0] < counts[1] < counts[2]


def test_a_closed_and_a_missing_dossier_give_the_same_page(house: House, visit: Visit) -> None:
    reader, closed = visit("reader"), dossier(house, "thanh tra")
    nowhere = "01900000-0000-7000-8000-000000000000"
    for path in ("/dossiers/{}", "/dossiers/{}/history", "/dossiers/{}/bag", "/documents/{}", "/files/{}"):
        forbidden, missing = reader.get(path.format(closed.id)), reader.get(path.format(nowhere))
        assert forbidden.status_code == missing.status_code == 404
        assert same_words(forbidden.text) == same_words(missing.text)


def same_words(html: str) -> str:
    """Without the address of the page itself and its moment, which differ by nature."""
    html = re.sub(r"back=[^\"]+", "", html)
    return re.sub(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", "", html)


def test_a_closed_document_in_a_readable_dossier_is_nowhere_counted(house: House, visit: Visit) -> None:
    shelf = dossier(house, "tuyển dụng")
    reader, officer = visit("unit_reader"), visit("officer")
    assert "5 văn bản" in text_of(reader.get(f"/dossiers/{shelf.id}"))
    assert "6 văn bản" in text_of(officer.get(f"/dossiers/{shelf.id}"))
    assert "Biên bản" not in text_of(reader.get(f"/dossiers/{shelf.id}"))
    assert "TotalDoc" not in reader.get(f"/dossiers/{shelf.id}/description").text
    assert "TotalDoc" in officer.get(f"/dossiers/{shelf.id}/description").text


def test_browsing_leads_from_fonds_to_year_to_dossier(house: House, visit: Visit) -> None:
    reader, shelf = visit("reader"), dossier(house, "giấy phép")
    assert f"/fonds/{shelf.fonds_id}" in reader.get("/fonds").text
    assert f"/fonds/{shelf.fonds_id}/2010" in reader.get(f"/fonds/{shelf.fonds_id}").text
    assert f"/dossiers/{shelf.id}" in reader.get(f"/fonds/{shelf.fonds_id}/2010").text


def test_a_fonds_of_closed_dossiers_is_no_fonds_to_a_reader(house: House, visit: Visit) -> None:
    closed = dossier(house, "thanh tra")
    assert visit("reader").get(f"/fonds/{closed.fonds_id}").status_code == 404
    assert visit("officer").get(f"/fonds/{closed.fonds_id}").status_code == 200


def test_the_contents_list_leaves_as_a_sheet(house: House, visit: Visit) -> None:
    shelf = dossier(house, "giấy phép")
    sheet = visit("reader").get(f"/dossiers/{shelf.id}?format=xlsx")
    rows = list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 6 and rows[1][0] == 1


def test_the_whole_dossier_leaves_as_a_bag(house: House, visit: Visit) -> None:
    shelf = dossier(house, "giấy phép")
    answer = visit("reader").get(f"/dossiers/{shelf.id}/bag")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert any(name.endswith("/bagit.txt") for name in names)
    harmless(answer)


def harmless(answer: Response) -> None:
    """Saved, never guessed at, and nothing in it runs, should a browser show it after all."""
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_an_original_is_the_submitted_bytes_and_in_the_log(house: House, visit: Visit) -> None:
    reader = visit("reader")
    page = reader.get(f"/documents/{document(house, 'giấy phép', 1).id}")
    link = re.search(r'href="(/files/[^"]+)"', page.text)
    original = reader.get(link.group(1)) if link else None
    assert original and original.content.startswith(b"%PDF")
    harmless(original)
    with house.archive.look(THE_ARCHIVE) as work:
        read = select(LogEntry).where(LogEntry.verb == Verb.file_downloaded.value)
        assert work.session.scalars(read).first() is not None


@pytest.mark.parametrize("query", [{"file": 99}, {"q": "quyết định " * 1_000}])
def test_a_view_of_a_document_is_in_the_log_whatever_is_asked(
    house: House, visit: Visit, query: dict[str, str]
) -> None:
    shown = document(house, "giấy phép", 1)
    assert visit("reader").get(f"/documents/{shown.id}", params=query).status_code == 200
    with house.archive.look(THE_ARCHIVE) as work:
        read = select(LogEntry).where(LogEntry.verb == Verb.document_read.value)
        assert str(shown.id) in {entry.subject_id for entry in work.session.scalars(read)}


def test_a_filter_by_an_unseen_fonds_does_not_name_it(house: House, visit: Visit) -> None:
    closed = dossier(house, "thanh tra")
    with house.archive.look(THE_ARCHIVE) as work:
        name = work.session.get_one(Fonds, closed.fonds_id).name
    asked = f"/search?fonds={closed.fonds_id}"
    assert name not in visit("reader").get(asked).text
    assert name in visit("officer").get(asked).text


def test_what_nobody_types_is_taken_out_before_a_database_sees_it(house: House, visit: Visit) -> None:
    assert 'value="quyết"' in visit("reader").get("/search", params={"q": "quy\0ết"}).text


def test_an_office_file_is_read_as_text_and_downloaded(house: House, visit: Visit) -> None:
    page = visit("reader").get(f"/documents/{document(house, 'giấy phép', 4).id}")
    assert "chỉ có phần chữ trích từ tệp gốc" in text_of(page) and "<img" not in page.text


def test_an_index_that_is_away_is_never_zero_hits(
    house: House, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise IndexAway

    monkeypatch.setattr(house.archive.index, "search", away)
    answer = visit("reader").get("/search?q=quyet")
    assert answer.status_code == 503
    assert "Tìm kiếm tạm ngừng" in text_of(answer) and "0 kết quả" not in text_of(answer)


def test_no_hit_names_the_words_and_the_filter(house: House, visit: Visit) -> None:
    said = text_of(visit("reader").get("/search?q=khongcotunay&year=2020"))
    assert "khớp với “khongcotunay” và bộ lọc Năm 2020" in said


def test_a_wrong_date_is_told_and_not_searched(house: House, visit: Visit) -> None:
    assert visit("reader").get("/search?q=quyet&from=31/02/2020").status_code == 422


def test_an_administrator_sees_no_title(house: House, visit: Visit) -> None:
    administrator, shelf = visit("administrator"), dossier(house, "giấy phép")
    assert administrator.get("/search?q=a").status_code == 403
    assert administrator.get(f"/dossiers/{shelf.id}").status_code == 404


def test_an_auditor_sees_how_a_dossier_is_kept_and_reads_nothing(house: House, visit: Visit) -> None:
    auditor, shelf = visit("auditor"), dossier(house, "giấy phép")
    page = auditor.get(f"/dossiers/{shelf.id}")
    assert "2/2 bản khớp" in text_of(page) and "/documents/" not in page.text
    assert auditor.get(f"/documents/{document(house, 'giấy phép', 1).id}").status_code == 404


def test_the_log_says_its_chain_is_whole_and_shows_an_entry(house: House, visit: Visit) -> None:
    auditor = visit("auditor")
    assert "Chuỗi nguyên vẹn" in text_of(auditor.get("/audit"))
    assert "Mục 3:" in text_of(auditor.get("/audit/3"))
    assert auditor.get("/audit/999999").status_code == 404


def test_a_changed_entry_is_named_before_anything_else(house: House, visit: Visit) -> None:
    with house.archive.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE log_detail SET detail = '{}' WHERE number = 5")
    said = text_of(visit("auditor").get("/audit"))
    assert "Chuỗi bị đứt hoặc bị sửa, bắt đầu từ mục 5" in said


def test_the_history_begins_with_who_sent_and_who_accepted(house: House, visit: Visit) -> None:
    shelf = dossier(house, "giấy phép")
    said = text_of(visit("officer").get(f"/dossiers/{shelf.id}/history"))
    assert "Nhận gói hồ sơ" in said and "Tiếp nhận gói hồ sơ Trần Thị Ánh" in said
