"""What every search index promises: passed by the embedded one and by a real Elasticsearch."""

from __future__ import annotations

import threading
import unicodedata
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from archive_service.kernel.errors import NotPossible
from search.index import (
    EXACT_TO,
    TEXT_LIMIT,
    AccessFilter,
    Clause,
    IndexAway,
    IndexEntry,
    Query,
    RebuildAbandoned,
    SearchIndex,
    SearchPage,
)
from search.opening import open_index
from tests.search.entries import DECISION, EVERYTHING, PUBLIC, entry


@pytest.fixture(params=["embedded", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    if request.param == "embedded":
        yield open_index("embedded", folder=tmp_path / "index")
        return
    url = request.getfixturevalue("elasticsearch_url")
    name = f"contract-{uuid.uuid4().hex[:12]}"
    yield open_index(url, folder=tmp_path, name=name)
    with Elasticsearch(url) as client:
        for made in client.indices.get(index=f"{name}-*"):
            client.indices.delete(index=made)


def ids(page: SearchPage) -> list[str]:
    return [hit.entry.id for hit in page.hits]


def found(index: SearchIndex, text: str, access: AccessFilter = EVERYTHING, **query: object) -> list[str]:
    return ids(index.search(Query(text=text, **query), access))  # type: ignore[arg-type]


def pages(index: SearchIndex, query: Query) -> Iterator[SearchPage]:
    after = query.after
    while True:
        page = index.search(
            Query(text=query.text, sort=query.sort, limit=query.limit, after=after), EVERYTHING
        )
        yield page
        if (after := page.next) is None:
            return


# --- words -------------------------------------------------------------------------------------------------------


TYPED = [
    "quyết định",
    "quyet dinh",
    "QUYẾT ĐỊNH thanh tra",
    "duong nguyen hue",
    "hòa bình",  # written Hoà in the record
    unicodedata.normalize("NFD", "đường Nguyễn Huệ"),
    "15/QĐ-UBND",
    "qd15 ubnd",
    "QĐ số 15",
    "015/qđ-ubnd",
    "14/7/2016",
    "14-07-2016",
    "2016-07-14",
    "ngày 14 tháng 07 năm 2016",
    "tháng 7/2016",
    "thang 7 2016",
    "7/2016",
    "năm 2016",
    "2016 thanh tra",
    "20/8/2016",
    "56/2010/QH12",
    "000.00.12.H43.2016.31.TTr",
    "nguyen thi dao",
    "tân hòa kho b",
    "“thanh tra chuyên ngành”",
    "thành lập thanh tra luật",  # one word in each field
    "",
]
SAYS_NOT = [
    "quyết định xây dựng",
    '"tra thanh"',
    "16/QĐ-UBND",
    "15/7/2016",
    "tháng 8 năm 2015",
    "năm 2015",
    "thanhtra",
    "???",
]
HOSTILE = ['"', "a:b", "(x OR", "*", "~^{}", "\\", "[1 TO", "-", "+a -b", "NOT", "a" * 5_000]


def test_what_people_type_finds_the_decision(index: SearchIndex) -> None:
    index.write([DECISION])
    assert [text for text in TYPED if found(index, text) != ["d1"]] == []


def test_what_the_decision_does_not_say_does_not_find_it(index: SearchIndex) -> None:
    index.write([DECISION])
    assert [text for text in SAYS_NOT if found(index, text)] == []


def test_nothing_that_can_be_typed_is_an_error(index: SearchIndex) -> None:
    index.write([DECISION])
    assert [text for text in HOSTILE if index.search(Query(text=text), EVERYTHING).total] == []


def test_a_phrase_does_not_run_from_one_field_or_page_into_the_next(index: SearchIndex) -> None:
    index.write([entry("a", title="báo cáo", agency="", text="một hai\fba bốn")])
    assert found(index, '"hai ba"') == [] and found(index, '"báo cáo một"') == []


def test_text_beyond_the_bound_is_not_found_and_the_hit_says_so(index: SearchIndex) -> None:
    index.write([entry("long", title="rất dài", text="từ " * (TEXT_LIMIT // 3) + " cuốicùng")])
    page = index.search(Query(text="rất dài"), EVERYTHING)
    assert page.hits[0].text_cut and found(index, "cuốicùng") == []


# --- order -------------------------------------------------------------------------------------------------------


def test_the_very_tones_come_before_tone_blind_hits(index: SearchIndex) -> None:
    blind = entry("blind", title="Dương liễu", date_from="2024-01-01", date_to="2024-01-01")
    index.write([blind, entry("exact", text="con đường làng")])
    page = index.search(Query(text="đường"), EVERYTHING)
    assert [(hit.entry.id, hit.tone_exact) for hit in page.hits] == [("exact", True), ("blind", False)]
    assert (page.total, page.exact_total) == (2, 1)


def test_the_title_comes_before_the_description_and_a_phrase_before_scattered_words(
    index: SearchIndex,
) -> None:
    title, described = entry("title", title="Thanh tra đất đai"), entry("described", abstract="thanh tra đất")
    phrase, scattered = (
        entry("phrase", text="về thanh tra đất"),
        entry("scattered", text="đất công, thanh tra"),
    )
    index.write([scattered, phrase, described, title])
    assert found(index, "thanh tra đất") == ["title", "described", "phrase", "scattered"]


def test_equals_stand_by_date(index: SearchIndex) -> None:
    years = {"old": "1954-10-10", "new": "2020-02-02", "middle": "1999-12-31"}
    index.write([entry(each, title="biên bản", date_from=day, date_to=day) for each, day in years.items()])
    index.write([entry("undated", title="biên bản")])
    assert found(index, "biên bản") == ["new", "middle", "old", "undated"]
    assert found(index, "", sort="newest") == ["new", "middle", "old", "undated"]
    assert found(index, "bien ban", sort="oldest") == ["undated", "old", "middle", "new"]


def test_hits_by_date_still_say_whether_the_tones_match(index: SearchIndex) -> None:
    index.write([entry("blind", title="dương"), entry("exact", title="đường")])
    page = index.search(Query(text="đường", sort="newest"), EVERYTHING)
    assert {hit.entry.id: hit.tone_exact for hit in page.hits} == {"blind": False, "exact": True}


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
def test_the_cursor_neither_skips_nor_repeats(index: SearchIndex, sort: str) -> None:
    def one(i: int) -> IndexEntry:
        day = f"20{i % 3 + 10}-01-01"
        return entry(f"e{i:02}", title="tờ trình" if i % 2 else "to trinh", date_from=day, date_to=day)

    index.write([one(i) for i in range(25)])
    whole = found(index, "tờ trình", sort=sort, limit=100)
    query = Query(text="tờ trình", sort=sort, limit=4)  # type: ignore[arg-type]
    assert [each for page in pages(index, query) for each in ids(page)] == whole
    assert len(set(whole)) == 25


def test_what_others_write_between_two_pages_does_not_move_the_rest(index: SearchIndex) -> None:
    index.write(
        [entry(f"e{i}", title="kế hoạch", date_from="2015-01-01", date_to="2015-01-01") for i in range(6)]
    )
    before = found(index, "kế hoạch")
    first = index.search(Query(text="kế hoạch", limit=3), EVERYTHING)
    index.write([entry("e-newer", title="kế hoạch", date_from="2020-01-01", date_to="2020-01-01")])
    second = index.search(Query(text="kế hoạch", limit=3, after=first.next), EVERYTHING)
    assert ids(first) + ids(second) == before


def test_a_cursor_of_another_query_is_refused(index: SearchIndex) -> None:
    index.write([entry(f"e{i}", title="kế hoạch") for i in range(3)])
    cursor = index.search(Query(text="kế hoạch", limit=1), EVERYTHING).next
    with pytest.raises(NotPossible):
        index.search(Query(text="báo cáo", limit=1, after=cursor), EVERYTHING)


# --- who may see -------------------------------------------------------------------------------------------------


def test_a_closed_record_shows_in_nothing_that_a_reader_gets(index: SearchIndex) -> None:
    index.write([entry(f"p{i}", title="hồ sơ", agency="Sở Nội vụ") for i in range(3)])
    before = index.search(Query(text="hồ sơ", limit=2), PUBLIC)
    index.write([entry("x", title="hồ sơ hồ sơ", text="hồ sơ", agency="Công an", access="closed", year=2001)])
    assert index.search(Query(text="hồ sơ", limit=2), PUBLIC) == before
    assert index.search(Query(text="hồ sơ"), EVERYTHING).total == 4


def test_a_clause_needs_mode_unit_and_fonds_together(index: SearchIndex) -> None:
    index.write(
        [
            entry("mine", access="closed", unit_id="u1", fonds_id="f1"),
            entry("other-unit", access="closed", unit_id="u2", fonds_id="f1"),
            entry("other-fonds", access="closed", unit_id="u1", fonds_id="f2"),
            entry("public", access="public", unit_id="u9", fonds_id="f9"),
        ]
    )
    mine = Clause(frozenset({"closed"}), frozenset({"u1"}), frozenset({"f1"}))
    assert set(found(index, "", AccessFilter((mine, *PUBLIC.clauses)))) == {"mine", "public"}


def test_units_may_be_thousands(index: SearchIndex) -> None:
    index.write([entry("in", unit_id="unit-4999"), entry("out", unit_id="elsewhere")])
    units = frozenset(f"unit-{i}" for i in range(5_000))
    assert found(index, "", AccessFilter((Clause(frozenset({"public"}), units),))) == ["in"]


def test_no_clause_and_an_empty_clause_show_nothing(index: SearchIndex) -> None:
    index.write([DECISION])
    nowhere = AccessFilter((Clause(frozenset({"public"}), frozenset()),))
    assert found(index, "", AccessFilter(())) == [] and found(index, "", nowhere) == []


def test_must_not_hides_a_dossier_from_hits_totals_and_facets(index: SearchIndex) -> None:
    index.write([entry("a", dossier_id="h1", year=2001), entry("b", dossier_id="h2", year=2002)])
    page = index.search(Query(), EVERYTHING, frozenset({"h1"}))
    assert ids(page) == ["b"] and page.total == 1
    assert [each.value for each in page.facets["year"]] == ["2002"]


# --- filters, facets, totals -------------------------------------------------------------------------------------


def test_filters_and_facets_speak_the_same_values(index: SearchIndex) -> None:
    index.write([DECISION, entry("other", agency="Sở Y tế", type_name="Báo cáo", year=2020, kind="dossier")])
    facets = index.search(Query(), EVERYTHING).facets
    assert {each.value for each in facets["agency"]} == {"Sở Y tế", "Ủy ban nhân dân tỉnh Tân Hòa"}
    for name in ("agency", "type", "year", "kind"):
        values = [frozenset({each.value}) for each in facets[name]]
        assert sorted(found(index, "", filters={name: v})[0] for v in values) == ["d1", "other"]


def test_facets_count_what_was_found_and_by_frequency(index: SearchIndex) -> None:
    index.write(
        [entry(f"e{i}", title="công văn", year=2000 + i % 2) for i in range(5)] + [entry("no", year=1990)]
    )
    years = index.search(Query(text="công văn", limit=1), EVERYTHING).facets["year"]
    assert [(each.value, each.count) for each in years] == [("2000", 3), ("2001", 2)]


def test_a_date_range_finds_what_overlaps_it(index: SearchIndex) -> None:
    index.write([entry("range", date_from="2014-01-01", date_to="2016-12-31"), entry("undated")])
    assert found(index, "", date_from="2015-06-01") == ["range"] == found(index, "", date_to="2014-01-01")
    assert found(index, "", date_from="2017-01-01") == [] == found(index, "", date_to="2013-12-31")


def test_an_unknown_filter_is_refused() -> None:
    with pytest.raises(NotPossible):
        Query(filters={"colour": frozenset({"red"})})


@pytest.mark.deep
def test_totals_are_exact_to_ten_thousand(index: SearchIndex) -> None:
    index.write([entry(f"e{i}", title="phiếu") for i in range(EXACT_TO)])
    page = index.search(Query(text="phiếu", limit=1), EVERYTHING)
    assert (page.total, page.more) == (EXACT_TO, False)
    index.write([entry("one-more", title="phiếu")])
    page = index.search(Query(text="phiếu", limit=1), EVERYTHING)
    assert (page.total, page.more) == (EXACT_TO, True)


# --- highlights --------------------------------------------------------------------------------------------------


def test_highlights_say_which_field_was_hit_and_are_no_html(index: SearchIndex) -> None:
    index.write([entry("a", title="<b>Quyết định</b> & công văn", agency="Sở Nội vụ")])
    (hit,) = index.search(Query(text="quyet dinh"), EVERYTHING).hits
    assert list(hit.highlights) == ["title"] and hit.snippet is None
    marked = [(each.text, each.is_hit) for each in hit.highlights["title"]]
    assert marked == [
        ("<b>", False),
        ("Quyết", True),
        (" ", False),
        ("định", True),
        ("</b> & công văn", False),
    ]


def test_the_snippet_tells_page_and_further_hits(index: SearchIndex) -> None:
    index.write(
        [entry("a", text="mở đầu\f" + "x " * 300 + "đường lớn. " + "y " * 400 + "đường nhỏ, dương liễu")]
    )
    (hit,) = index.search(Query(text="đường"), EVERYTHING).hits
    assert hit.snippet is not None
    assert (hit.snippet.page, hit.snippet.further) == (2, 1)
    assert [each.text for each in hit.snippet.fragments if each.is_hit] == ["đường"]


# --- writing, erasing, rebuilding --------------------------------------------------------------------------------


def test_an_older_revision_never_wins(index: SearchIndex) -> None:
    assert index.write([entry("a", revision=5, title="mới")]) == {"a": 5}
    assert index.write([entry("a", revision=4, title="cũ")]) == {"a": 5}
    assert found(index, "cũ") == [] and found(index, "mới") == ["a"]


def test_the_same_revision_again_is_success(index: SearchIndex) -> None:
    index.write([entry("a", revision=5, title="một")])
    assert index.write([entry("a", revision=5, title="một")]) == {"a": 5}
    assert index.count() == 1


def test_of_one_batch_the_newest_revision_of_an_id_wins(index: SearchIndex) -> None:
    index.write([entry("a", revision=2, title="hai"), entry("a", revision=1, title="một")])
    assert list(index.revisions()) == [("a", 2)] and found(index, "hai") == ["a"]


def test_revisions_come_by_id_and_go_on_after_one(index: SearchIndex) -> None:
    index.write([entry(each, revision=i) for i, each in enumerate("cab")])
    assert list(index.revisions()) == [("a", 1), ("b", 2), ("c", 0)]
    assert list(index.revisions("a")) == [("b", 2), ("c", 0)]


def test_an_erased_dossier_is_gone_and_never_comes_back(index: SearchIndex) -> None:
    index.write([entry("h", dossier_id="h", kind="dossier"), entry("d", dossier_id="h"), entry("stays")])
    receipt = index.erase(["h"])
    assert (receipt.dossier_ids, receipt.removed) == (("h",), 2)
    assert index.write([entry("d", dossier_id="h", revision=99), entry("later", dossier_id="h")]) == {}
    assert found(index, "") == ["stays"] and index.count() == 1 and list(index.revisions()) == [("stays", 1)]


def test_erasing_what_was_never_there_is_success_and_lasts(index: SearchIndex) -> None:
    assert index.erase(["h"]).removed == 0 and index.erase(["h"]).removed == 0
    assert index.write([entry("d", dossier_id="h")]) == {} and index.count() == 0


def test_a_rebuild_answers_only_when_it_is_published(index: SearchIndex) -> None:
    index.write([entry("old", title="cũ")])
    rebuild = index.rebuild()
    rebuild.write([entry("new", title="mới")])
    assert found(index, "") == ["old"] and rebuild.count() == 1
    rebuild.publish()
    assert found(index, "") == ["new"]
    index.write([entry("after")])
    assert index.count() == 2


def test_what_is_erased_before_or_during_a_rebuild_stays_erased(index: SearchIndex) -> None:
    index.erase(["h-before"])
    rebuild = index.rebuild()
    rebuild.write([entry(each) for each in ("before", "during", "stays")])
    assert index.erase(["h-during"]).removed == 0
    rebuild.publish()
    assert found(index, "") == ["stays"]
    assert index.write([entry("before"), entry("during")]) == {}


def test_starting_a_rebuild_abandons_the_one_before(index: SearchIndex) -> None:
    first, second = index.rebuild(), index.rebuild()
    with pytest.raises(RebuildAbandoned):
        first.write([DECISION])
    second.publish()


def test_writers_at_once_lose_nothing(index: SearchIndex) -> None:
    def some(start: int) -> None:
        for i in range(start, start + 5):
            index.write([entry(f"e{i}", title="song song")])

    threads = [threading.Thread(target=some, args=(start,)) for start in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert index.search(Query(text="song song"), EVERYTHING).total == 15


def test_a_second_opening_sees_what_the_first_wrote(index: SearchIndex, tmp_path: Path) -> None:
    again = type(index).__new__(type(index))
    again.__dict__.update(index.__dict__ | {"_opened": None})
    index.write([DECISION])
    assert again.count() == 1


def test_an_index_that_is_away_says_so_and_never_zero(tmp_path: Path) -> None:
    with pytest.raises(IndexAway):
        open_index("http://127.0.0.1:9", folder=tmp_path)
    embedded = open_index("embedded", folder=tmp_path / "index")
    (tmp_path / "index" / "live").unlink()
    with pytest.raises(IndexAway):
        embedded.search(Query(text="x"), EVERYTHING)
