"""Alarms to a machine: signed, without titles, never lost while the receiver is away, each known by its id."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.alarms import send
from archive_service.alarms.send import send_alarms, watch_incidents
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job
from archive_service.kernel.setting_tables import Incidents
from archive_service.worker import drain
from preservation.watch_models import Alarm
from tests.alarms.conftest import SECRET, hook, later, something_happens, with_settings
from tests.alarms.receivers import HttpReceiver, served
from tests.archives import House


def alarms(receiver: HttpReceiver) -> list[dict[str, Any]]:
    return [alarm for body, _ in receiver.got for alarm in json.loads(body)["alarms"]]


def test_an_incident_reaches_the_receiver_signed_and_without_the_name_of_its_file(house: House) -> None:
    with served(HttpReceiver()) as receiver:
        with_settings(house, webhooks=[hook(receiver.server_address[1])])
        something_happens(house)
        drain(house.archive)
    (body, headers), (alarm,) = receiver.got[0], alarms(receiver)
    assert (alarm["event"], alarm["kind"], alarm["root"]) == ("opened", "missing", "ban-sao")
    assert "mật" not in body.decode()
    moment, _, given = headers["X-Archive-Signature"].removeprefix("t=").partition(",v1=")
    assert given == hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_receiver_that_was_away_gets_every_alarm_once_when_it_is_back(house: House) -> None:
    with served(HttpReceiver()) as gone:
        port = gone.server_address[1]
    with_settings(house, webhooks=[hook(port)])
    for number in range(3):
        something_happens(house, f"v1/content/{number}.pdf")
        drain(house.archive)
    with served(HttpReceiver(port)) as receiver:
        later(house)
        later(house)
    assert len({alarm["id"] for alarm in alarms(receiver)}) == len(alarms(receiver)) == 3


@pytest.mark.parametrize("status", [302, 404, 500])
def test_only_a_2xx_counts_as_taken(house: House, status: int) -> None:
    with served(HttpReceiver()) as other, served(HttpReceiver()) as receiver:
        receiver.status, receiver.location = status, f"http://127.0.0.1:{other.server_address[1]}/"
        with_settings(house, webhooks=[hook(receiver.server_address[1])])
        something_happens(house)
        drain(house.archive)
        with house.archive.look(THE_ARCHIVE) as work:
            assert work.session.scalars(select(Alarm.sent_at)).all() == [None]
        assert other.got == []


def test_who_dies_between_sending_and_noting_it_sends_the_same_id_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(HttpReceiver()) as receiver:
        with_settings(house, webhooks=[hook(receiver.server_address[1])])
        something_happens(house)
        real = send._send
        monkeypatch.setattr(send, "_send", lambda *args: (real(*args), 1 / 0))
        with pytest.raises(ZeroDivisionError):
            send_alarms(house.archive, "webhook:trung-tam")
        monkeypatch.setattr(send, "_send", real)
        drain(house.archive)
    first, again = alarms(receiver)
    assert first["id"] == again["id"]


def test_a_hundred_incidents_are_few_messages(house: House) -> None:
    with served(HttpReceiver()) as receiver:
        with_settings(house, webhooks=[hook(receiver.server_address[1])])
        for number in range(120):
            something_happens(house, f"v1/content/{number}.pdf")
        drain(house.archive)
    assert (len(alarms(receiver)), len(receiver.got)) == (120, 3)


def test_an_overdue_report_is_alarmed_once(house: House) -> None:
    house.clock.advance(days=200)  # QCVN 12:2026 is in force
    with served(HttpReceiver()) as receiver:
        with_settings(
            house, webhooks=[hook(receiver.server_address[1])], incidents=Incidents(security_level=3)
        )
        something_happens(house)
        drain(house.archive)
        house.clock.advance(hours=23)
        watch_incidents(house.archive)
        drain(house.archive)
        assert [alarm["event"] for alarm in alarms(receiver)] == ["opened"]
        house.clock.advance(hours=2)
        for _ in range(2):
            watch_incidents(house.archive)
            drain(house.archive)
    assert [alarm["event"] for alarm in alarms(receiver)] == ["opened", "report_overdue"]


def test_without_receivers_nothing_is_queued(house: House) -> None:
    something_happens(house)
    with house.archive.look(THE_ARCHIVE) as work:
        assert "send_alarms" not in work.session.scalars(select(Job.kind)).all()
