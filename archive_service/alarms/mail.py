"""A batch of alarms as one plain letter in Vietnamese, to the server that the settings name."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from archive_service.alarms.told import ReceiverAway, Told
from archive_service.kernel.setting_tables import Mail
from archive_service.web.incident_words import kind_words
from archive_service.web.sentences import Sentences
from archive_service.web.texts import when_text

SECONDS = 20.0


def send_mail(mail: Mail, name: str, told: Sequence[Told], now: datetime) -> None:
    """Raises `ReceiverAway` when the server does not take it for every recipient."""
    letter = write_letter(mail, name, told, now)
    try:
        with _connect(mail) as server:
            if mail.encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.username:
                server.login(mail.username, mail.password.get_secret_value())
            refused = server.send_message(letter, from_addr=mail.sender, to_addrs=mail.to)
    except (OSError, smtplib.SMTPException) as error:
        raise _away(type(error).__name__) from error
    if refused:
        raise _away(f"{len(refused)}/{len(mail.to)}")


def _connect(mail: Mail) -> smtplib.SMTP:
    if mail.encryption == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)


def write_letter(mail: Mail, name: str, told: Sequence[Told], now: datetime) -> EmailMessage:
    """The same alarms give the same Message-ID: a mailbox that gets it twice shows it once."""
    t = Sentences("vi")
    letter = EmailMessage()
    letter["From"], letter["To"] = mail.sender, ", ".join(mail.to)
    letter["Subject"] = " ".join(t("alarm.subject", name=name, n=len(told)).split())
    # A letter must have one (RFC 5322), and not every server adds it.
    letter["Date"] = now
    letter["Message-ID"] = f"<{told[0].id}.{len(told)}@{mail.sender.partition('@')[2]}>"
    lines = [
        t(
            "alarm.line",
            event=t(f"alarm.{each.event}"),
            what=kind_words(each.kind, t),
            root=each.root or "–",
            at=when_text(each.opened_at, seconds=True),
            number=each.number,
            path=f"/incidents/{each.incident}" if each.incident else "–",
        )
        for each in told
    ]
    letter.set_content("\n".join([t("alarm.head", name=name), "", *lines, "", t("alarm.foot")]) + "\n")
    return letter


def _away(why: str) -> ReceiverAway:
    return ReceiverAway(
        f"Máy chủ thư không nhận báo động: {why}.",
        f"The mail server did not take the alarm: {why}.",
        name="receiver-away",
    )
