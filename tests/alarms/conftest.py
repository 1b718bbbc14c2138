"""An archive that has alarms set up."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.setting_tables import Mail, Webhook
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.incidents.register import open_incident
from tests.archives import House

SECRET = "bi-mat-cua-noi-nhan"


def with_settings(house: House, **settings: Any) -> Archive:
    """The archive as if it had been started with these."""
    house.archive.settings = house.archive.settings.model_copy(update=settings)
    return house.archive


def hook(port: int) -> Webhook:
    return Webhook(id="trung-tam", url=f"http://127.0.0.1:{port}/alarms", secret=SecretStr(SECRET))


def mail(port: int, **more: Any) -> Mail:
    given: dict[str, Any] = {"encryption": "none", "sender": "kho@luutru.example", "to": ["a@x.example"]}
    return Mail(host="127.0.0.1", port=port, **{**given, **more})


def something_happens(house: House, path: str = "v1/content/Hồ sơ mật.pdf") -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", root_id="ban-sao", path=path)


def later(house: House) -> None:
    """Long enough for every failed job to be due again."""
    house.clock.advance(hours=2)
    drain(house.archive)
