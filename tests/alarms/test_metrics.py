"""`/metrics`: for whoever has the token or asks from a named address, and for nobody else."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from archive_service.api.metrics import may_read, write_metrics
from archive_service.app import create_app
from archive_service.kernel.setting_tables import Metrics
from tests.alarms.conftest import something_happens, with_settings
from tests.archives import House
from tests.preservation.dossiers import audit, keep

TOKEN = "t" * 20


def numbers(content: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


def test_copies_incidents_and_the_last_audit_are_counted(house: House) -> None:
    keep(house)
    audit(house)
    something_happens(house)
    content = write_metrics(house.archive)
    found = numbers(content)
    assert found["archive_copies", "ban-sao", "verified"] == 1
    assert found["archive_open_incidents", "missing"] == 1
    assert found["archive_last_audit_timestamp_seconds", "fixity"] == pytest.approx(
        house.clock.now().timestamp(), abs=60
    )
    assert found["archive_service_up", "", "database"] == 1
    assert found["archive_jobs_stuck",] == found["archive_alarms_unsent",] == 0
    assert "mật" not in content.decode() and "Tập lưu" not in content.decode()


def test_by_default_nobody_finds_it(house: House) -> None:
    client = TestClient(create_app(house.archive, work_here=False))
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_token_opens_it(house: House) -> None:
    with_settings(house, metrics=Metrics(token=SecretStr(TOKEN)))
    client = TestClient(create_app(house.archive, work_here=False))
    assert client.get("/metrics").status_code == 404
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("client", "token", "may"),
    [
        ("10.0.0.5", "", True),
        ("10.0.1.5", "", False),
        ("testclient", "", False),
        ("10.0.1.5", "Bearer x", False),
        ("10.0.1.5", f"Basic {TOKEN}", False),
        ("10.0.1.5", f"bearer {TOKEN}", True),
    ],
)
def test_who_may_read(client: str, token: str, may: Any) -> None:
    settings = Metrics(token=SecretStr(TOKEN), addresses=[ip_network("10.0.0.0/24")])
    assert may_read(settings, token, client) is may
