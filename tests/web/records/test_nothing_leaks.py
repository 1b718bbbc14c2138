"""Every address that there is, asked by those who may not know: it answers as if the closed record were not there."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import select

from archive_service.accounts.people import enter_token
from archive_service.kernel.actors import THE_ARCHIVE
from preservation.models import Document, Dossier, FileObject
from tests.archives import House
from tests.web.records.test_reading_pages import dossier, same_words
from tests.web.visits import Browser

Visit = Callable[..., Browser]
NOWHERE = UUID("01900000-0000-7000-8000-000000000000")


def addresses(routes: Any, prefix: str = "") -> Iterator[str]:
    """Every address that answers GET, of included routers too."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from addresses(route.original_router.routes, prefix + route.include_context.prefix)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield prefix + route.path


def filled(address: str, key: UUID) -> str:
    """Ids are `key`; numbers and names are some that exist."""
    address = re.sub(r"{\w+_id}", str(key), address)
    return re.sub(r"{\w+}", "1", address)


def told(answer: Response) -> str:
    """What an answer says, the cells of a sheet and the files of a container included."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as container:
        return "".join(container.read(name).decode("utf-8", "replace") for name in container.namelist())


@pytest.fixture
def closed(shelves: House) -> Dossier:
    return dossier(shelves, "thanh tra")


@pytest.fixture
def visitors(shelves: House, visit: Visit) -> list[Browser]:
    """A reader of public records and a producer, at a browser and by token."""
    found = []
    for who in ("reader", "producer"):
        browser = visit(who)
        with shelves.archive.work(THE_ARCHIVE) as work:
            token = enter_token(work, shelves.people[who].id, "test")
        browser.headers["Authorization"] = f"Bearer {token}"
        found.append(browser)
    return found


@pytest.fixture
def house(shelves: House) -> House:
    return shelves


def test_no_address_names_a_closed_record(shelves: House, closed: Dossier, visitors: list[Browser]) -> None:
    asked = {"q": "thanh tra", "fonds": str(closed.fonds_id), "format": "xlsx"}
    for browser in visitors:
        known = list(addresses(browser.app.router.routes))  # type: ignore[attr-defined]
        assert len(known) > 90
        for address in known:
            for query in ({}, asked):
                answer = browser.get(filled(address, closed.id), params=query)
                assert answer.status_code < 500, address
                assert closed.title not in told(answer) and closed.code not in told(answer), address


def test_a_closed_record_is_answered_as_one_that_is_not_there(
    shelves: House, closed: Dossier, visitors: list[Browser]
) -> None:
    with shelves.archive.look(THE_ARCHIVE) as work:
        parts = [
            work.session.scalars(select(kind.id).where(kind.dossier_id == closed.id)).first()
            for kind in (Document, FileObject)
        ]
    browser = visitors[0]
    for address in addresses(browser.app.router.routes):  # type: ignore[attr-defined]
        if "_id}" in address:
            nothing = browser.get(filled(address, NOWHERE))
            for key in (closed.id, closed.fonds_id, *filter(None, parts)):
                hidden = browser.get(filled(address, key))
                assert hidden.status_code == nothing.status_code, address
                assert same_words(hidden.text) == same_words(nothing.text), address
