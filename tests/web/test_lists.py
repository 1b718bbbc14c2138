"""A list's address holds its whole state; pages never skip or repeat a row."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

ROW = re.compile(r'href="/sips/(\d+)"')


def rows(html: str) -> list[int]:
    return [int(one) for one in ROW.findall(html)]


def link(html: str, rel: str) -> str | None:
    found = re.search(rf'<a href="([^"]+)" rel="{rel}"', html)
    return found.group(1).replace("&amp;", "&") if found else None


@pytest.fixture
def first(client: TestClient) -> str:
    client.cookies.set("rows", "25")
    return client.get("/sips").text


def test_pages_follow_each_other_without_gap(client: TestClient, first: str) -> None:
    second = client.get(link(first, "next") or "").text
    third = client.get(link(second, "next") or "").text
    assert rows(first) + rows(second) + rows(third) == list(range(1, 61))
    assert link(third, "next") is None


def test_the_way_back_shows_the_same_rows(client: TestClient, first: str) -> None:
    second = client.get(link(first, "next") or "").text
    again = client.get(link(second, "prev") or "").text
    assert rows(again) == rows(first)
    assert link(again, "prev") is None and link(again, "next")


def test_a_cursor_of_another_query_begins_at_the_start(client: TestClient, first: str) -> None:
    cursor = re.search(r"cursor=([^&]+)", link(first, "next") or "")
    assert cursor
    assert rows(client.get(f"/sips?unit=1&cursor={cursor.group(1)}").text)[0] == 1


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "bnVsbA", "é"])
def test_a_cursor_that_is_none_of_ours_begins_at_the_start(client: TestClient, cursor: str) -> None:
    assert rows(client.get("/sips", params={"cursor": cursor}).text)[0] == 1


def test_sorting_is_a_link_that_keeps_the_filter(client: TestClient) -> None:
    html = client.get("/sips?unit=1&sort=title&order=asc").text
    assert 'aria-sort="ascending"' in html
    assert 'href="/sips?unit=1&amp;sort=title&amp;order=desc"' in html


def test_each_chosen_filter_can_be_dropped(client: TestClient) -> None:
    html = client.get("/sips?unit=1").text
    assert "Đơn vị giao nộp: Thanh tra tỉnh" in html
    assert 'href="/sips?sort=due&amp;order=asc" aria-label="Bỏ lọc theo Đơn vị giao nộp"' in html


def test_an_unknown_parameter_is_said(client: TestClient) -> None:
    assert "Không dùng được các tham số: colour." in client.get("/sips?colour=red").text


def test_an_empty_result_names_the_filter_and_the_way_out(client: TestClient) -> None:
    html = client.get("/sips?title=x").text
    assert "Không có gói nào khớp" in html and "Bỏ lọc" in html
    assert "<table" not in html


def test_a_row_that_cannot_be_chosen_says_why(client: TestClient) -> None:
    html = client.get("/sips").text
    assert 'value="4"' not in html and "đang đóng băng" in html


def test_a_table_names_itself_and_its_order(client: TestClient) -> None:
    html = client.get("/sips").text
    assert "<caption>Gói chờ quyết định: 60" in html and "Xếp theo Hạn, tăng dần" in html
    assert 'scope="col"' in html and 'scope="row"' in html
