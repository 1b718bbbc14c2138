"""axe finds nothing serious on any page of records, with data on it, in both languages; nothing scrolls sideways."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import uvicorn
from sqlalchemy import select

from archive_service.app import create_app
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.people import Password
from preservation.incidents.register import open_incident
from preservation.models import Document, Dossier
from preservation.watch_models import Incident
from retention.assess import assess_owed
from retention.models import Hold
from tests.archives import PASSWORD, House
from tests.judges.java import Verdict
from tests.retention.shelf import Hands, shelve
from tests.web.conftest import HASHED
from tests.web.seen import SEEN

if TYPE_CHECKING:
    from playwright.sync_api import Page

Judge = Callable[["Page"], Verdict]


@pytest.fixture
def house(shelves: House) -> House:
    return shelves


@pytest.fixture
def served(house: House) -> Iterator[str]:
    with house.archive.work(THE_ARCHIVE) as work:
        for person in house.people.values():
            work.session.add(Password(person_id=person.id, argon2=HASHED, changed_at=work.now()))
    app = create_app(house.archive, work_here=False)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def sign_in(page: Page, address: str, username: str, language: str = "vi") -> None:
    page.goto(f"{address}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"{address}/preferences/language/{language}?back=/account")


def look_at(page: Page, axe: Judge, address: str, paths: list[str]) -> None:
    """Every page is judged wide and measured narrow; all faults are told at once."""
    faults = []
    for path in paths:
        page.set_viewport_size({"width": 1200, "height": 900})
        answer = page.goto(address + path)
        assert answer is not None and answer.status == 200, path
        verdict = axe(page)
        faults += [f"{path}: {said}" for said in verdict.said if not verdict.accepted]
        faults += [f"{path} {seen} at 1200 px" for seen in page.evaluate(SEEN)]
        for width in (768, 360):
            page.set_viewport_size({"width": width, "height": 800})
            faults += [f"{path} {seen} at {width} px" for seen in page.evaluate(SEEN)]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                faults.append(f"{path}: scrolls sideways at {width} px")
    assert faults == []


def test_pages_for_readers(house: House, served: str, page: Page, axe: Judge) -> None:
    with house.archive.look(THE_ARCHIVE) as work:
        shelf = work.session.scalars(select(Dossier).where(Dossier.title.contains("tuyển dụng"))).one()
        paper = work.session.scalars(select(Document.id).where(Document.dossier_id == shelf.id)).first()
    base = f"/dossiers/{shelf.id}"
    views = ("", "/description", "/copies", "/signatures", "/retention", "/history")
    sign_in(page, served, "officer")
    look_at(
        page,
        axe,
        served,
        ["/search", "/search?q=quyết+định", "/search?q=khongcotunay&year=2020", "/fonds"]
        + [
            f"/fonds/{shelf.fonds_id}",
            f"/fonds/{shelf.fonds_id}/2015",
            f"/documents/{paper}?q=thi&size=double",
        ]
        + [base + view for view in views],
    )

    assert sides_on_paper(page, f"{served}{base}") == {"landscape"}, "a first page with nothing but the head"


def sides_on_paper(page: Page, address: str) -> set[str]:
    page.goto(address)
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as paper:
        return {"landscape" if leaf.get_width() > leaf.get_height() else "portrait" for leaf in paper}


def test_pages_for_destruction(house: House, served: str, page: Page, axe: Judge) -> None:
    hands, due = Hands(house), [shelve(house), shelve(house), shelve(house)]
    assess_owed(house.archive)
    reviewing = hands.propose(due[0])
    hands.send(reviewing)
    awaiting, waiting = hands.reviewed(due[1]), hands.decided(due[2])
    hands.hold(due[0])
    with house.archive.look(THE_ARCHIVE) as work:
        hold = work.session.scalars(select(Hold.id)).one()
    sign_in(page, served, "records-manager", "en")
    own = ["/retention", "/retention/unknown", "/retention/list", "/holds", "/holds/new", f"/holds/{hold}"]
    look_at(page, axe, served, [*own, "/destruction", f"/destruction/{reviewing}"])
    page.context.clear_cookies()
    sign_in(page, served, "head")
    own = [
        f"/destruction/{awaiting}/decision",
        f"/destruction/{awaiting}/decline",
        "/destruction/release",
        "/destruction/clock",
    ]
    look_at(page, axe, served, ["/destruction?turn=me", *own])
    page.context.clear_cookies()
    sign_in(page, served, "council-member")
    own = [f"/destruction/{reviewing}/answers?all=unanswered", f"/destruction/{reviewing}/send-on"]
    look_at(page, axe, served, [*own, f"/destruction/{waiting}/stop"])
    house.clock.advance(days=8)
    page.context.clear_cookies()
    sign_in(page, served, "executor")
    look_at(page, axe, served, [f"/destruction/{waiting}/execution", f"/destruction/{waiting}/decision"])


def test_pages_for_auditors(house: House, served: str, page: Page, axe: Judge) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        shelf = work.session.scalars(select(Dossier)).first()
        told = {"path": "v1/content/data/1.pdf", "found": "a1" * 32, "expected": "b2" * 32}
        open_incident(work, "changed", dossier=shelf, root_id="ban-sao", **told)
        incident = work.session.scalars(select(Incident.id)).one()
    sign_in(page, served, "auditor")
    paths = ["/fixity", "/incidents", f"/incidents/{incident}", "/signatures", "/audit", "/audit/4"]
    look_at(page, axe, served, paths)
