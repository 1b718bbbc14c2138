"""Alarms to people: one plain letter in Vietnamese, taken by every recipient or sent again."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from preservation.watch_models import Alarm
from tests.alarms.conftest import later, mail, something_happens, with_settings
from tests.alarms.receivers import SmtpReceiver, served
from tests.archives import House


def letter(receiver: SmtpReceiver) -> EmailMessage:
    found = message_from_bytes(receiver.letters[0][1], policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_letter_says_what_happened_in_vietnamese_and_names_no_file(house: House) -> None:
    with served(SmtpReceiver()) as receiver:
        with_settings(house, mail=mail(receiver.server_address[1], to=["a@x.example", "b@x.example"]))
        something_happens(house)
        drain(house.archive)
    made = letter(receiver)
    text = made.get_content()
    assert receiver.letters[0][0] == ["a@x.example", "b@x.example"]
    assert "1 báo động về sự cố" in made["Subject"] and made.get_content_type() == "text/plain"
    assert made["Date"].datetime == house.clock.now().replace(microsecond=0)
    assert "Phát hiện sự cố: Thiếu tệp, kho ban-sao" in text and "mật" not in text


def test_a_server_that_was_away_gets_the_letter_when_it_is_back(house: House) -> None:
    with served(SmtpReceiver()) as gone:
        port = gone.server_address[1]
    with_settings(house, mail=mail(port))
    something_happens(house)
    drain(house.archive)
    with served(SmtpReceiver(port)) as receiver:
        later(house)
        later(house)
    assert len(receiver.letters) == 1


def test_a_letter_that_one_recipient_did_not_get_is_not_sent(house: House) -> None:
    with served(SmtpReceiver()) as receiver:
        receiver.refuse = "b@x.example"
        with_settings(house, mail=mail(receiver.server_address[1], to=["a@x.example", "b@x.example"]))
        something_happens(house)
        drain(house.archive)
        with house.archive.look(THE_ARCHIVE) as work:
            assert work.session.scalars(select(Alarm.sent_at)).all() == [None]


def test_a_server_without_encryption_is_refused_when_it_is_asked_for(house: House) -> None:
    with served(SmtpReceiver()) as receiver:
        with_settings(house, mail=mail(receiver.server_address[1], encryption="starttls"))
        something_happens(house)
        drain(house.archive)
    assert receiver.letters == []
