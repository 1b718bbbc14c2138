"""`incidents` and `alarms test` on the command line: what they say, and their exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.settings import load_settings
from archive_service.work import Archive
from preservation.incidents.register import open_incident
from preservation.watch_models import Incident
from tests.alarms.receivers import HttpReceiver, served
from tests.cli.terminal import Terminal


def something_happens() -> None:
    archive = Archive(load_settings())
    with archive.work(THE_ARCHIVE) as work:
        open_incident(work, "missing", root_id="ban-sao", path="v1/content/a.pdf")
        work.session.scalars(select(Incident)).one().opened_at = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
    archive.close()


def test_incidents_are_listed_and_make_exit_code_1(archive: Terminal) -> None:
    archive("init")
    assert archive("incidents").code == 0
    something_happens()
    found = archive("incidents")
    assert found.code == 1 and "ban-sao v1/content/a.pdf 21/11/2026 01:30 /incidents/" in found.out
    (told,) = json.loads(archive("incidents", "--json").out)
    assert (told["kind"], told["state"], told["root"]) == ("missing", "open", "ban-sao")
    assert told["opened_at"] == "2026-11-20T18:30:00+00:00"
    assert archive("incidents", "--overdue").code == 0


def test_alarms_are_tried(archive: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    archive("init")
    nobody = archive("alarms", "test")
    assert nobody.code == 2 and "No receiver" in nobody.err
    with served(HttpReceiver()) as posts:
        hooks = [{"id": "tt", "url": f"http://127.0.0.1:{posts.server_address[1]}/", "secret": "x" * 20}]
        monkeypatch.setenv("ARCHIVE_WEBHOOKS", json.dumps(hooks))
        good = archive("alarms", "test")
        assert (good.code, len(posts.got)) == (0, 1) and "webhook:tt: taken" in good.out
        posts.status = 500
        bad = archive("alarms", "test", "--json")
        assert bad.code == 1 and "500" in json.loads(bad.out)["webhook:tt"]
        assert (
            "Nơi nhận báo động tt không nhận: HTTP 500." in archive("--language", "vi", "alarms", "test").out
        )
