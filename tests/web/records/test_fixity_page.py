"""`/fixity` says whether the alarm works, when the round ends, and asks a person about mass damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job
from preservation.audits.coverage import keep_snapshot
from preservation.audits.fixity import fixity_run
from preservation.audits.quick import quick_run
from preservation.models import Copy, CopyState
from preservation.roots.canaries import CANARIES
from preservation.watch_models import CanaryCheck
from tests.archives import House
from tests.web.visits import Browser, text_of

Visit = Callable[..., Browser]


@pytest.fixture
def house(shelves: House) -> House:
    fixity_run(shelves.archive, early=True)
    return shelves


def damage(house: House) -> int:
    with house.archive.work(THE_ARCHIVE) as work:
        ours = update(Copy).where(Copy.root_id == "ban-sao").values(state=CopyState.changed)
        return len(work.session.execute(ours.returning(Copy.dossier_id)).all())


def test_the_alarm_was_heard_and_the_round_has_an_end(house: House, visit: Visit) -> None:
    said = text_of(visit("auditor").get("/fixity"))
    assert "6/6 mẫu hỏng cài sẵn đã được báo lúc" in said
    assert "Xong cả vòng" in said and "Chưa ước được" not in said
    assert "Không có sự cố" in said


def test_the_latest_quick_look_is_told(house: House, visit: Visit) -> None:
    assert "Xem nhanh Chưa có đợt nào xong." in text_of(visit("auditor").get("/fixity"))
    house.clock.advance(days=8)
    looked = quick_run(house.archive)
    said = text_of(visit("auditor").get("/fixity"))
    assert f": {looked.checked} bản, 0 bản phải đọc lại toàn bộ ngay." in said


def test_a_dead_alarm_is_loud_and_nothing_is_called_well(house: House, visit: Visit) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(CanaryCheck).values(reported=5, trouble="sidecar: no fault"))
    said = text_of(visit("auditor").get("/fixity"))
    assert "Chuông báo hỏng: chỉ 5/6" in said and "sidecar: no fault" in said
    assert "Không có sự cố" not in said


def test_an_alarm_that_was_never_tried_calls_nothing_well(house: House, visit: Visit) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(delete(CanaryCheck))
    said = text_of(visit("auditor").get("/fixity"))
    assert "Chưa thử chuông báo" in said and "Không có sự cố" not in said


def test_lost_samples_are_an_incident_in_words(house: House, visit: Visit) -> None:
    shutil.rmtree(house.archive.stores["ban-sao"].base / CANARIES)  # type: ignore[attr-defined]
    fixity_run(house.archive, early=True)
    assert "Chuông báo hỏng: mẫu hỏng cài sẵn" in text_of(visit("auditor").get("/incidents"))


def test_the_trend_has_a_point_for_each_day(house: House, visit: Visit) -> None:
    house.clock.advance(days=1)
    keep_snapshot(house.archive)
    page = visit("auditor").get("/fixity")
    assert 'id="fixity-trend-title"' in page.text and 'id="fixity-ages-title"' in page.text
    assert "2 ngày gần nhất" in page.text


def test_silence_is_told_by_the_set_number_of_hours(house: House, visit: Visit) -> None:
    house.archive.settings.fixity_silent_hours = 5
    auditor = visit("auditor")
    assert "giờ qua" not in text_of(auditor.get("/fixity"))
    house.clock.set(house.clock.now() + timedelta(hours=6))
    assert "trong 5 giờ qua" in text_of(auditor.get("/fixity"))


def test_mass_damage_asks_a_person_and_goes_on_at_a_word(house: House, visit: Visit) -> None:
    house.archive.settings.repairs_a_day = 0
    count, auditor = damage(house), visit("auditor")
    assert f"{count} bản hỏng, nhiều hơn" in text_of(auditor.get("/fixity"))
    assert auditor.submit("/fixity", "/fixity/repairs", count="rất nhiều").status_code == 422
    assert auditor.submit("/fixity", "/fixity/repairs", count=str(count)).status_code == 303
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(Job.args).where(Job.kind == "repair_copies")).all() == [
            [str(count)]
        ]


def test_within_the_limit_nobody_is_asked(house: House, visit: Visit) -> None:
    house.archive.settings.repairs_a_day = 1000
    damage(house)
    assert "nhiều hơn số kho tự khôi phục" not in text_of(visit("auditor").get("/fixity"))


def test_in_english_too(house: House, visit: Visit) -> None:
    auditor = visit("auditor")
    auditor.get("/preferences/language/en")
    assert "6/6 samples known to be bad were reported" in text_of(auditor.get("/fixity"))


def test_an_audit_that_the_clock_stopped_says_so_in_words_and_once(house: House, visit: Visit) -> None:
    house.clock.advance(days=-3)
    fixity_run(house.archive)
    house.clock.advance(days=4)
    said = text_of(visit("auditor").get("/fixity"))
    assert "đồng hồ hệ thống chạy lùi sau mục mới nhất của nhật ký (0" in said
    assert said.count("chạy lùi") == 1 and "clock" not in said
    incident = visit("auditor").get("/incidents").text.split('href="/incidents/')[1][:36]
    told = text_of(visit("auditor").get(f"/incidents/{incident}"))
    assert "Dừng kiểm tra kho lưu ở toàn kho lưu trữ" in told and "chạy lùi" in told
