"""The pages of submissions, accounts and services in a real browser: axe, 360 pixels, no word of another host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import uvicorn

from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.people import Password
from ingest.models import Sip, SipState
from tests.archives import PASSWORD, House, make_house
from tests.judges.axe import axe
from tests.web.conftest import HASHED
from tests.web.seen import SEEN
from tests.web.test_officer import waiting

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

OFFICER: tuple[str, ...] = (
    "/sips",
    "/sips?group=stored",
    "/sips?words=khong",
    "/sips/{sip}",
    "/sips/{sip}/findings",
    "/sips/{sip}/accept",
)
OFFICER += ("/sips/{sip}/return", "/sips/{sip}/refuse", "/sips/accept?id={clean}", "/sips/assign?id={sip}")
ADMINISTRATOR: tuple[str, ...] = (
    "/users",
    "/users/add",
    "/users/{person}",
    "/users/{person}/grant",
    "/users/{person}/token",
)
ADMINISTRATOR += ("/users/{person}/lock", "/agencies", "/agencies/add-fonds", "/jobs", "/health", "/settings")
EVERYBODY = (
    "/account",
    "/account/password",
    "/my-work",
    "/docs",
    "/docs/findings",
    "/docs/fields",
    "/docs/law",
)


@pytest.fixture(scope="module")
def served_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a furnished archive, and the ids that stand in its addresses."""
    folder: Path = tmp_path_factory.mktemp("kho")
    house = make_house(folder, secure_cookies=False)
    ids = furnish(house)
    server = uvicorn.Server(
        uvicorn.Config(create_app(house.archive, work_here=False), port=0, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", ids
    server.should_exit = True
    thread.join(10)


def furnish(house: House) -> dict[str, str]:
    with house.archive.work(THE_ARCHIVE) as work:
        for person in house.people.values():
            work.session.add(Password(person_id=person.id, argon2=HASHED, changed_at=work.now()))
    sip, clean = waiting(house, warnings=3), waiting(house, "000.00.12.H43.2020.32.TTr")
    returned = waiting(house, "000.00.12.H43.2020.33.TTr")
    with house.archive.work(THE_ARCHIVE) as work:
        row = work.session.get_one(Sip, returned)
        row.state, row.reason = SipState.returned, "Thiếu phụ lục kèm theo văn bản 02."
    return {"sip": str(sip), "clean": str(clean), "person": str(house.people["reader"].id)}


def come(page: Page, address: str, who: str) -> None:
    page.goto(f"{address}/login")
    page.fill("#field-username", who)
    page.fill("#field-password", PASSWORD)
    page.click("main button.primary")


def faults(page: Page, address: str, paths: tuple[str, ...], ids: dict[str, str]) -> list[str]:
    """What is wrong with these pages, at 360, 768 and 1,200 pixels."""
    found = []
    for path in paths:
        for width in (360, 768, 1200):
            page.set_viewport_size({"width": width, "height": 800})
            answer = page.goto(address + path.format(**ids))
            if answer is None or answer.status != 200:
                found.append(f"{path}: {answer.status if answer else 'no answer'}")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append(f"{path} scrolls sideways at {width}")
            found += [f"{path} {seen} at {width}" for seen in page.evaluate(SEEN)]
        verdict = axe(page)
        found += [f"{path}: {said}" for said in verdict.said] if not verdict.accepted else []
    return found


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("officer", OFFICER),
        ("administrator", ADMINISTRATOR + EVERYBODY),
        ("producer", ("/submissions", "/submissions?group=all", "/sips/{sip}")),
        ("auditor", ("/storage",)),
    ],
)
def test_pages_are_usable_by_everybody(
    page: Page, served_house: tuple[str, dict[str, str]], who: str, paths: tuple[str, ...]
) -> None:
    address, ids = served_house
    come(page, address, who)
    assert faults(page, address, paths, ids) == []


def test_no_page_asks_another_host(page: Page, served_house: tuple[str, dict[str, str]]) -> None:
    address, ids = served_house
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    come(page, address, "officer")
    page.goto(f"{address}/sips/{ids['sip']}")
    assert asked and not [url for url in asked if not url.startswith(address)]


def test_the_officer_decides_by_keyboard_alone(page: Page, served_house: tuple[str, dict[str, str]]) -> None:
    address, ids = served_house
    come(page, address, "officer")
    page.goto(f"{address}/sips/{ids['sip']}")
    page.keyboard.press("a")
    page.wait_for_url(f"**/sips/{ids['sip']}/accept")
    page.keyboard.press("u")
    page.wait_for_url(f"**/sips/{ids['sip']}")
