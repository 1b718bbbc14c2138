"""Every address of the archive, asked for by those who may see least: a stranger and an administrator."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select

from archive_service.accounts.people import enter_token
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job
from archive_service.kernel.people import Grant
from ingest.models import Sip
from preservation.models import Document, Dossier, FileObject
from tests.archives import House
from tests.web.visits import ADDRESS, Browser

Visit = Callable[..., Browser]
PUBLIC = {"/healthz", "/login"}
PUBLIC_BELOW = ("/docs", "/static/")
FOREIGN = (b"%PDF", b"PK\x03\x04", b"\x89PNG")


@pytest.fixture
def house(shelves: House) -> House:
    return shelves


def routes(app: FastAPI, method: str) -> Iterator[str]:
    for route in iter_route_contexts(app.routes):
        if method in (getattr(route, "methods", None) or ()):
            yield str(route.path)


def filled(house: House, path: str) -> str:
    """The route's address for things that are really there."""
    with house.archive.look(THE_ARCHIVE) as work:
        closed = work.session.scalars(select(Dossier).order_by(Dossier.code)).first()
        assert closed is not None
        known = {
            "dossier_id": closed.id,
            "fonds_id": closed.fonds_id,
            "document_id": work.session.scalars(select(Document.id)).first(),
            "file_id": work.session.scalars(select(FileObject.id)).first(),
            "sip_id": work.session.scalars(select(Sip.id)).first(),
            "grant_id": work.session.scalars(select(Grant.id)).first(),
            "job_id": work.session.scalars(select(Job.id)).first(),
            "person_id": house.people["reader"].id,
        }
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: str(known.get(found[1], 1)), path)


def titles(house: House) -> set[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        told = {*work.session.scalars(select(Dossier.title)), *work.session.scalars(select(Document.subject))}
    return {each for each in told if each}


def test_a_stranger_gets_the_sign_in_page_health_and_producer_pages_alone(visit: Visit, house: House) -> None:
    stranger, opened = visit(), []
    app = stranger.app
    for path in routes(app, "GET"):  # type: ignore[arg-type]  # ours is a FastAPI
        if stranger.get(filled(house, path)).status_code not in (303, 401, 404, 422):
            opened.append(path)
    assert [path for path in opened if path not in PUBLIC and not path.startswith(PUBLIC_BELOW)] == []
    assert set(opened) >= PUBLIC


def test_a_stranger_sends_nothing_but_the_sign_in_form(visit: Visit, house: House) -> None:
    stranger = visit()
    answers = {
        path: stranger.post(filled(house, path)).status_code
        for path in routes(stranger.app, "POST")  # type: ignore[arg-type]
    }
    assert {path for path, status in answers.items() if status not in (401, 403)} == set()


def test_a_token_can_send_a_package_and_nothing_else(visit: Visit) -> None:
    changing = {(m, p) for m in ("POST", "PUT", "PATCH", "DELETE") for p in routes(visit().app, m)}  # type: ignore[arg-type]
    assert {each for each in changing if each[1].startswith("/api/")} == {("POST", "/api/v1/sips")}


def test_an_administrator_reads_no_title_and_no_byte_by_any_route(visit: Visit, house: House) -> None:
    browser, hidden, told = visit("administrator"), titles(house), []
    with house.archive.work(THE_ARCHIVE) as work:
        token = enter_token(work, house.people["administrator"].id, "máy")
    client = TestClient(browser.app, base_url=ADDRESS, headers={"Authorization": f"Bearer {token}"})
    for path in routes(browser.app, "GET"):  # type: ignore[arg-type]
        answer = (client if path.startswith("/api/") else browser).get(filled(house, path))
        text = html.unescape(answer.content.decode("utf-8", "replace"))
        if answer.content.startswith(FOREIGN) or any(each in text for each in hidden):
            told.append(path)
    assert len(hidden) > 10 and told == []
