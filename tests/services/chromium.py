"""Debian's Chromium for tests, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.services.process import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = "Chromium"
ARGUMENTS = (
    "--no-sandbox",  # root has none
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def path() -> str:
    return program("chromium", "chromium-browser")


@contextmanager
def start() -> Iterator[Browser]:
    executable = path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
