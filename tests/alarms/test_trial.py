"""A trial alarm reaches every receiver now, or says which did not take it."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from archive_service.alarms.send import try_channels
from tests.alarms.conftest import hook, mail, with_settings
from tests.alarms.receivers import HttpReceiver, SmtpReceiver, served
from tests.archives import House
from tests.sending import verbs


def test_every_receiver_gets_one_and_no_incident_is_made(house: House) -> None:
    with served(SmtpReceiver()) as letters, served(HttpReceiver()) as posts:
        with_settings(house, mail=mail(letters.server_address[1]), webhooks=[hook(posts.server_address[1])])
        assert try_channels(house.archive) == {"webhook:trung-tam": None, "mail": None}
    assert len(letters.letters) == len(posts.got) == 1
    (told,) = json.loads(posts.got[0][0])["alarms"]
    assert told["event"] == told["kind"] == "trial" and told["incident"] == ""
    letter = message_from_bytes(letters.letters[0][1], policy=default)
    assert isinstance(letter, EmailMessage) and "/incidents/" not in letter.get_content()
    assert verbs(house)[-1] == "alarm.sent"


def test_one_that_does_not_take_it_is_named_and_the_others_get_theirs(house: House) -> None:
    with served(SmtpReceiver()) as letters, served(HttpReceiver()) as posts:
        posts.status = 503
        with_settings(house, mail=mail(letters.server_address[1]), webhooks=[hook(posts.server_address[1])])
        found = try_channels(house.archive)
    assert "HTTP 503" in str(found["webhook:trung-tam"]) and found["mail"] is None
    assert len(letters.letters) == 1
