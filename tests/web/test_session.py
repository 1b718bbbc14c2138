"""Signing in, ending a session, and what a form must prove before anything happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive_service.accounts.signin import ATTEMPTS
from tests.archives import House
from tests.web.visits import Browser, text_of

Visit = Callable[..., Browser]


def test_signing_in_leads_back_to_the_page_that_was_asked_for(visit: Visit) -> None:
    stranger = visit()
    asked = stranger.get("/my-work?tab=1")
    assert asked.headers["location"] == "/login?next=%2Fmy-work%3Ftab%3D1"
    assert stranger.sign_in("officer", next="/my-work?tab=1").headers["location"] == "/my-work?tab=1"


def test_the_way_back_never_leaves_this_host(visit: Visit) -> None:
    assert visit().sign_in("officer", next="//evil.example/").headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(visit: Visit) -> None:
    cookie = visit().sign_in("officer").headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "secure"))


def test_who_comes_back_without_the_cookie_reads_why(visit: Visit) -> None:
    stranger = visit()
    assert "HTTPS" not in text_of(stranger.get("/login"))
    stranger.sign_in("officer")
    del stranger.cookies["archive_session"]  # as a browser does with `Secure` over plain HTTP
    assert "không mở qua HTTPS" in text_of(stranger.get("/login"))


@pytest.mark.parametrize("username", ["officer", "khong-co-nguoi-nay"])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(visit: Visit, username: str) -> None:
    answer = visit().sign_in(username, "sai mat khau")
    assert answer.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in text_of(answer)


def test_after_five_wrong_passwords_even_the_right_one_waits(visit: Visit) -> None:
    stranger = visit()
    for _ in range(ATTEMPTS):
        stranger.sign_in("officer", "sai")
    assert stranger.sign_in("officer").status_code == 429


def test_signing_out_ends_the_session_on_the_server(visit: Visit) -> None:
    officer = visit("officer")
    cookies = dict(officer.cookies)
    assert officer.submit("/my-work", "/logout").headers["location"] == "/login"
    officer.cookies.update(cookies)
    assert officer.get("/my-work").headers["location"].startswith("/login")


def test_a_session_ends_by_itself(visit: Visit, house: House) -> None:
    officer = visit("officer")
    house.clock.advance(hours=house.archive.settings.session_hours)
    assert officer.get("/my-work").headers["location"] == "/login?next=%2Fmy-work"


def test_a_form_without_the_sessions_token_does_nothing(visit: Visit) -> None:
    officer = visit("officer")
    assert officer.post("/logout", data={"csrf": "khac"}).status_code == 403
    assert officer.get("/my-work").status_code == 200


def test_a_form_sent_from_another_site_does_nothing(visit: Visit) -> None:
    answer = visit().post(
        "/login", data={"username": "officer", "password": "x"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


def test_an_unknown_address_and_a_wrong_id_give_the_same_page(visit: Visit) -> None:
    officer = visit("officer")
    assert officer.get("/khong-co").status_code == officer.get("/sips/khong-phai-ma").status_code == 404
