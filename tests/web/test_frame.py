"""What every page sends and shows, whoever looks."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from archive_service.web.frame import Flash, offers, redirect
from archive_service.web.jinja import TEMPLATES
from archive_service.web.navigation import NAVIGATION, landing_page, navigation_for
from tests.web.preview import make_app

PAGES = ["/sips", "/all", "/form", "/form-with-errors", "/login", "/error/404", "/error/500"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_holds_inline_style_or_handlers(client: TestClient, path: str, language: str) -> None:
    client.cookies.set("language", language)
    html = client.get(path).text
    assert not re.search(r"<[^>]*\s(style|on[a-z]+)=", html)
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|javascript:", html)
    assert not re.search(r"""(src|href|action)="(https?:)?//""", html)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_foreign_content_and_caching(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_every_page_offers_help_and_says_its_time(client: TestClient) -> None:
    html = client.get("/sips").text
    assert "Báo sự cố" in html and "0270 3823 000" in html
    assert "trang lập lúc" in html and "Phiên bản 0.1.0" in html


def test_the_title_is_the_heading_and_the_archive(client: TestClient) -> None:
    assert "<title>Gói chờ quyết định: 60 – Kho lưu trữ tài liệu điện tử</title>" in client.get("/sips").text
    assert client.get("/sips").text.count("<h1>") == 1


def test_the_title_of_a_failed_form_begins_with_the_error(client: TestClient) -> None:
    assert "<title>Lỗi: Trả lại gói hồ sơ" in client.get("/form-with-errors").text


def test_navigation_leads_only_to_pages_that_exist(client: TestClient) -> None:
    html = client.get("/all").text
    assert 'href="/sips"' in html and 'href="/reports"' not in html


def test_pages_of_included_routers_are_known() -> None:
    app = make_app()
    assert offers(app, "/static/x/archive.css") and offers(app, "/sips")
    assert not offers(app, "/reports")


def test_several_roles_share_one_navigation_without_repeats() -> None:
    entries = navigation_for({"records_manager", "reader"}, lambda path: True)
    assert entries[0].href == "/my-work"
    assert len({entry.href for entry in entries}) == len(entries)


def test_each_role_lands_on_its_own_page_and_several_on_their_work() -> None:
    assert landing_page({"auditor"}) == "/fixity"
    assert landing_page({"auditor", "officer"}) == "/my-work"
    assert all(landing_page({role}) == entries[0].href for role, entries in NAVIGATION.items())


def test_an_administrator_has_no_search_box() -> None:
    from tests.web import preview

    preview.PEOPLE["admin"] = preview.Viewer("Quản Trị", "", frozenset({"administrator"}), "admin")
    with TestClient(make_app("admin")) as client:
        assert 'role="search"' not in client.get("/all").text


def test_a_stranger_sees_neither_navigation_nor_search() -> None:
    with TestClient(make_app("")) as client:
        html = client.get("/login").text
    assert 'class="navigation"' not in html and 'role="search"' not in html


def test_the_flash_is_shown_once_after_an_act(client: TestClient) -> None:
    html = client.post("/form").text
    assert "Đã trả lại gói 31.TTr" in html and "autofocus" in html
    assert "Đã trả lại gói 31.TTr" not in client.get("/sips").text


def test_a_flash_that_was_tampered_with_is_dropped(client: TestClient) -> None:
    for value in ("x", "W10=", "WyJuby5zdWNoIiwiZ29vZCIse31d", "e30="):
        client.cookies.set("flash", value)
        assert client.get("/sips").status_code == 200


def test_what_a_flash_repeats_is_escaped(client: TestClient) -> None:
    cookie = redirect("/sips", Flash("preview.done", code="<script>")).headers["set-cookie"]
    html = client.get("/sips", headers={"cookie": cookie.partition(";")[0]}).text
    assert "&lt;script&gt;" in html and "<script>" not in html


def test_a_missing_and_a_forbidden_record_give_the_same_page(client: TestClient) -> None:
    one, other = client.get("/error/404"), client.get("/error/499")
    assert (one.status_code, other.status_code) == (404, 404)
    assert one.text.replace("404", "499") == other.text.replace("404", "499")


def test_our_fault_says_so_with_its_number(client: TestClient) -> None:
    answer = client.get("/error/500")
    assert (
        answer.status_code == 500
        and "K7Q2-91" in answer.text
        and "Dữ liệu đã gửi vẫn được giữ" in answer.text
    )


def test_the_form_carries_its_tokens(client: TestClient) -> None:
    html = client.get("/form").text
    for name in ("csrf", "once", "version"):
        assert f'<input type="hidden" name="{name}" value="' in html
    assert html != client.get("/form").text


def test_what_was_typed_stays(client: TestClient) -> None:
    assert 'value="31/02/2021"' in client.get("/form-with-errors").text


def test_language_is_a_preference_and_leads_back(client: TestClient) -> None:
    answer = client.get("/preferences/language/en", params={"back": "/sips?unit=1"}, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"] == "/sips?unit=1"
    assert '<html lang="en"' in client.get("/sips").text


@pytest.mark.parametrize(
    "evil", ["https://evil.example", "//evil.example", "/\\evil.example", "/\n/evil.example"]
)
def test_a_preference_never_leads_to_another_host(client: TestClient, evil: str) -> None:
    answer = client.get("/preferences/language/en", params={"back": evil}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_an_unknown_preference_is_missing(client: TestClient) -> None:
    assert client.get("/preferences/language/fr").status_code == 404


def test_an_unchanged_fragment_is_not_sent_again(client: TestClient) -> None:
    etag = client.get("/progress").headers["etag"]
    assert client.get("/progress", headers={"if-none-match": etag}).status_code == 304


def test_a_page_of_fifty_rows_stays_light(client: TestClient) -> None:
    assert len(client.get("/sips").content) <= 100_000


def test_templates_hold_no_inline_style() -> None:
    for path in TEMPLATES.rglob("*.html"):
        assert not re.search(r"\sstyle=|\son[a-z]+=\"", path.read_text()), path
