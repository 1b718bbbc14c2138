"""The page Storage: the people who watch over the copies see what is owed and what was proven."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.models import StorageRoot
from preservation.roots.probes import probe_roots
from preservation.watch_models import RetiredRoot
from tests.archives import House
from tests.preservation.dossiers import keep
from tests.web.visits import Browser, text_of

Visit = Callable[..., Browser]


def test_the_auditor_sees_what_each_store_proved_and_what_is_owed(visit: Visit, house: House) -> None:
    keep(house)
    probe_roots(house.archive)
    shown = text_of(visit("auditor").get("/storage"))
    assert "Mọi kho đều hoạt động và đủ bản." in shown and "Không ghi đè tệp đã có" in shown
    assert "Bản đang khóa" in shown


def test_a_root_that_is_away_is_told_with_what_to_do(visit: Visit, house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(StorageRoot, "ban-sao").state = "away"
    shown = text_of(visit("auditor").get("/storage"))
    assert "Nối lại kho." in shown and "Mọi kho đều hoạt động" not in shown


@pytest.mark.parametrize(
    ("encrypted", "gone", "said"),
    [
        (False, False, "không mã hóa: cất trong két"),
        (True, False, "đã mã hóa: cất trong két"),
        (False, True, "đã tiêu hủy ngày 02/03/2026, Lê Thị Lan"),
    ],
)
def test_a_retired_root_stays_on_the_page_with_what_becomes_of_its_medium(
    visit: Visit, house: House, encrypted: bool, gone: bool, said: str
) -> None:
    assert "Kho đã ngừng sử dụng" not in text_of(visit("auditor").get("/storage"))
    with house.archive.work(THE_ARCHIVE) as work:
        row = RetiredRoot(
            id="dia-cu", encrypted=encrypted, retired_at=work.now(), facts={"root": "Đĩa cũ (dia-cu)"}
        )
        if gone:
            row.destroyed_on, row.destroyed_by = date(2026, 3, 2), "Lê Thị Lan"
        work.session.add(row)
    shown = text_of(visit("auditor").get("/storage"))
    assert "Đĩa cũ (dia-cu)" in shown and said in shown


def test_a_reader_does_not_see_where_copies_lie(visit: Visit) -> None:
    assert visit("reader").get("/storage").status_code == 403
