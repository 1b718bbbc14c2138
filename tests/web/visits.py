"""People at browsers without script: a client a person, which signs in, reads forms and sends them."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

from fastapi.testclient import TestClient
from httpx2 import Response
from openpyxl import load_workbook

from tests.archives import PASSWORD

ADDRESS = "https://kho.example"


class Browser(TestClient):
    """Follows no redirect by itself: a test says where it went."""

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> Response:
        return self.post("/login", data={"username": username, "password": password, **more})

    def submit(self, page: str, action: str = "", *, to: str = "", **fields: object) -> Response:
        """Opens the page, fills in its form (the one that posts to `action`, else to the page) and sends it."""
        form = self.form_of(page, action or page)
        return self.post(to or action or page, data={**form, **fields})

    def form_of(self, page: str, action: str) -> dict[str, str]:
        shown = self.get(page)
        assert shown.status_code == 200, f"{page}: {shown.status_code}"
        return hidden_fields(shown.text, action)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag == "input" and found.get("type") == "hidden" and self.forms:
            self.forms[-1][1][found["name"]] = found.get("value", "")


def hidden_fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there. Raises StopIteration when the page has no such form."""
    forms = _Forms()
    forms.feed(html)
    return next(fields for address, fields in forms.forms if address == action)


def sheet_of(answer: Response) -> list[tuple[object, ...]]:
    """The rows of an exported list, its head first."""
    rows = load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    return [tuple(row) for row in rows]


def text_of(answer: Response) -> str:
    """What a person reads: the page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
