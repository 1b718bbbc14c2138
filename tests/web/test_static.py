"""Static files are compressed, kept for ever, and complete for Vietnamese."""

from __future__ import annotations

import re
import unicodedata

import pytest
from fastapi.testclient import TestClient
from PIL import ImageFont

from archive_service.web.static import FILES, asset_url, build

LETTERS = "aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐ"
MARKS = "\u0300\u0301\u0303\u0309\u0323"


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_file_is_compressed_and_kept_for_ever(client: TestClient, name: str) -> None:
    answer = client.get(asset_url(name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == FILES[name][0].read_bytes()


def test_a_browser_without_gzip_gets_the_plain_file(client: TestClient) -> None:
    answer = client.get(asset_url("archive.css"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers and answer.text.startswith("@font-face")


def test_an_older_build_gets_todays_file_for_now_only(client: TestClient) -> None:
    answer = client.get("/static/000000000000/archive.css")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


def test_nothing_else_is_served(client: TestClient) -> None:
    assert client.get(f"/static/{build()}/passwd").status_code == 404
    with pytest.raises(KeyError):
        asset_url("passwd")


def test_the_stylesheet_asks_only_for_files_that_are_served() -> None:
    css = FILES["archive.css"][0].read_text()
    assert set(re.findall(r'url\("([^"]+)"\)', css)) <= FILES.keys()


@pytest.mark.parametrize("name", ["sans-400.ttf", "sans-600.ttf", "mono-400.ttf"])
def test_the_fonts_draw_every_vietnamese_letter(name: str) -> None:
    font = ImageFont.truetype(FILES[name][0], 40)
    absent = bytes(font.getmask("\uffff"))
    composed = {unicodedata.normalize("NFC", letter + mark) for letter in LETTERS for mark in MARKS}
    wanted = {one for one in composed if len(one) == 1} | set(LETTERS) | {"₫", "–", "…"}
    assert sorted(one for one in wanted if bytes(font.getmask(one)) == absent) == []
