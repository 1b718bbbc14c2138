"""The page of the audit shows where the copies stand and which of them are not good; media go by people's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from lxml import html

from archive_service.kernel.settings import Root
from tests.archives import House, make_house
from tests.preservation.dossiers import audit, keep
from tests.web.visits import Browser, text_of

Visit = Callable[..., Browser]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two roots in one room, one elsewhere, an offline set; two backup media without a backup."""
    rooms = {"kho-chinh": "Phòng A", "canh": "Phòng A", "xa": "Phòng B"}
    roots = [Root(id=i, url=(tmp_path / i).as_uri(), failure_domain=room) for i, room in rooms.items()]
    safe = (tmp_path / "bo-luu").as_uri()
    roots.append(Root(id="bo-luu", url=safe, failure_domain="Két", role="offline", encrypted=False))
    labels = {"dia-a": "Đĩa sao lưu A", "dia-b": "Đĩa sao lưu B"}
    media = [{"id": i, "label": label, "url": (tmp_path / i).as_uri()} for i, label in labels.items()]
    sealed_to = [str(pyrage.x25519.Identity.generate().to_public())]
    made = make_house(tmp_path, storage=roots, backup=media, backup_recipients=sealed_to)
    yield made
    made.archive.close()


def test_roots_of_one_place_stand_together_and_bad_copies_are_told(
    house: House, visit: Visit, tmp_path: Path
) -> None:
    keep(house)
    bad = next((tmp_path / "xa/ocfl").rglob("*001.pdf"))
    bad.write_bytes(bytes(bad.stat().st_size))
    audit(house)
    page = html.fromstring(visit("auditor").get("/fixity").text)
    places = {
        each.xpath("string(h3)"): " ".join(each.text_content().split())
        for each in page.xpath('//ul[@class="places"]/li')
    }
    assert list(places) == ["Két", "Phòng A", "Phòng B"]
    assert "kho-chinh" in places["Phòng A"] and "canh" in places["Phòng A"]
    assert "1 bản không tốt" in places["Phòng B"] and "không tốt" not in places["Phòng A"]
    assert "bản ở 2 nơi đặt khác nhau; kho có 2 nơi, không kể bộ lưu ngoại tuyến" in page.text_content()


def test_a_medium_without_a_backup_goes_by_its_name(house: House, visit: Visit) -> None:
    house.clock.advance(days=40)
    said = text_of(visit("auditor").get("/fixity"))
    assert "Phương tiện Đĩa sao lưu A: chưa có bản sao lưu tốt nào" in said and "dia-a" not in said
