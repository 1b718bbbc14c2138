"""`/fixity` tells when the last good backup and drill were, and what is owed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive_service.backup.duties import Duty
from archive_service.backup.models import Drill, DrillKind
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.web import backups as shown
from archive_service.web.sentences import Sentences
from tests.archives import House

CODES = (
    "no-backup", "backup-late", "full-late", "medium-old", "one-device", "remains-kept", "drill-rebuild", "drill-restore",
)  # fmt: skip


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_duty_has_its_sentence(language: str) -> None:
    t = Sentences(language)
    assert all("owed_" not in shown._sentence(Duty(code, "dia-a"), {}, t) for code in CODES)


def test_what_is_owed_and_the_last_drill_are_told(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        now = work.now()
        work.session.add(
            Drill(
                kind=DrillKind.rebuild, began_at=now, finished_at=now, passed=True, report={"seconds": 12.4}
            )
        )
    house.clock.advance(**{"seconds": int(timedelta(days=93).total_seconds())})
    with house.archive.look(house.actor("auditor")) as work:
        told = shown.backups(work, Sentences("en"))
    assert any("two sets on two independent media" in each for each in told.owed)
    assert any(value.endswith("in 12 s") for _, value in told.facts)
    assert any("restore drill is due" in each for each in told.owed)
