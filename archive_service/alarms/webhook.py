"""A batch of alarms as signed JSON, to the one address that the settings name."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import httpx

from archive_service.alarms.told import ReceiverAway, Told
from archive_service.kernel.setting_tables import Webhook

SIGNATURE = "X-Archive-Signature"
SECONDS = 10.0


def call_webhook(hook: Webhook, name: str, told: Sequence[Told], now: datetime) -> None:
    """Raises `ReceiverAway` unless the answer is 2xx. No redirect is followed, no proxy of the environment used."""
    alarms = [asdict(each) for each in told]
    body = json.dumps({"archive": name, "alarms": alarms}, ensure_ascii=False, default=datetime.isoformat)
    content = body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        SIGNATURE: sign(hook.secret.get_secret_value(), content, int(now.timestamp())),
    }
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            answer = client.post(hook.url, content=content, headers=headers)
    except httpx.HTTPError as error:
        raise _away(hook, type(error).__name__) from error
    if not answer.is_success:
        raise _away(hook, f"HTTP {answer.status_code}")


def _away(hook: Webhook, why: str) -> ReceiverAway:
    return ReceiverAway(
        f"Nơi nhận báo động {hook.id} không nhận: {why}.",
        f"The receiver of alarms {hook.id} did not take it: {why}.",
        name="receiver-away",
    )


def sign(secret: str, content: bytes, at: int) -> str:
    """`t=<seconds>,v1=<HMAC-SHA-256 of "seconds.body">`: an old message cannot be sent again as a new one.

    >>> sign("s" * 16, b"{}", 1)[:13]
    't=1,v1=ba3a89'
    """
    digest = hmac.new(secret.encode(), b"%d." % at + content, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
