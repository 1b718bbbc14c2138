"""An audit that does not report what is known to be bad is itself the alarm."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive_service.initialise import initialise
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore
from preservation import verify
from preservation.audits.strays import strays_run
from preservation.ocfl.validate import check
from preservation.roots import canaries as samples
from preservation.roots.canaries import BROKEN, CANARIES, hear_canaries, lay_canaries
from preservation.verify import CopyFault
from preservation.watch_models import CanaryCheck
from tests.archives import House
from tests.preservation.dossiers import audit, incidents, keep


def below(house: House) -> Path:
    return house.archive.settings.data / "storage/2" / CANARIES


def heard(house: House, root: str = "ban-sao") -> CanaryCheck:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(CanaryCheck, root)


def test_every_audit_reports_the_six_bad_samples_of_each_root(house: House) -> None:
    assert audit(house).faults == 0
    for root in ("kho-chinh", "ban-sao"):
        assert (heard(house, root).known, heard(house, root).reported, heard(house, root).trouble) == (
            6,
            6,
            "",
        )
    assert incidents(house.archive) == []


@pytest.mark.parametrize("deaf", ["changed", "missing", "extra", "unsure"])
def test_an_audit_that_is_deaf_to_one_kind_of_fault_is_the_alarm(
    house: House, monkeypatch: pytest.MonkeyPatch, deaf: str
) -> None:
    real = verify.verify_copy

    def broken(*given: Any, **named: Any) -> Iterator[CopyFault]:
        if deaf == "unsure":
            yield CopyFault("changed", "v1/content/data/1.txt")
        yield from (fault for fault in real(*given, **named) if fault.kind != deaf)

    monkeypatch.setattr(samples, "verify_copy", broken)
    assert audit(house).faults == 2
    assert {(each.kind, each.root_id) for each in incidents(house.archive)} == {
        ("alarm-dead", "kho-chinh"),
        ("alarm-dead", "ban-sao"),
    }
    assert heard(house).trouble


def test_an_audit_that_hears_no_difference_of_case_is_the_alarm(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = verify._read

    def lower(store: ObjectStore, key: str, most: int) -> bytes:
        data = real(store, key, most)
        return re.sub(rb"^[0-9A-F]+(?= )", lambda found: found[0].lower(), data)

    monkeypatch.setattr(verify, "_read", lower)
    audit(house)
    assert "sidecar" in next(each.found for each in incidents(house.archive) if each.kind == "alarm-dead")


@pytest.mark.parametrize("name", ["changed", "extra", "inventory", "good"])
def test_a_sample_that_was_altered_is_told_and_made_anew(house: House, name: str) -> None:
    audit(house)
    folder = next(path for path in below(house).rglob(f"*canary%3a{name}"))
    shutil.rmtree(folder)
    audit(house)
    (incident,) = incidents(house.archive)
    assert (incident.kind, incident.root_id, incident.found.split(":")[0]) == ("alarm-dead", "ban-sao", name)
    assert heard(house).trouble == ""
    assert hear_canaries(house.archive.stores["ban-sao"]).wrong == ()


def test_samples_that_vanished_altogether_are_told_and_made_anew(house: House) -> None:
    audit(house)
    shutil.rmtree(below(house))
    audit(house)
    assert [each.kind for each in incidents(house.archive)] == ["alarm-dead"]
    assert heard(house).reported == 6


def test_a_root_from_before_there_were_samples_gets_them_without_an_alarm(house: House) -> None:
    shutil.rmtree(below(house))
    audit(house)
    assert (incidents(house.archive), heard(house).reported) == ([], 6)


def test_setting_up_again_lays_the_samples_that_are_not_there(house: House) -> None:
    shutil.rmtree(below(house))
    initialise(house.archive)
    assert hear_canaries(house.archive.stores["ban-sao"]).reported == 6


def test_the_samples_are_no_strays_and_no_records(house: House) -> None:
    keep(house)
    house.clock.advance(days=2)
    assert strays_run(house.archive) == 0
    assert list(check(house.archive.stores["ban-sao"])) == []


def test_what_lies_among_the_samples_and_is_none_goes_when_they_are_laid(house: House) -> None:
    store = house.archive.stores["ban-sao"]
    store.put(f"{CANARIES}/ocfl/abc", b"x")
    lay_canaries(store)
    assert store.stat(f"{CANARIES}/ocfl/abc") is None


def test_there_is_a_sample_of_every_kind_of_fault_and_a_good_one() -> None:
    kinds = {kind for _, faults in BROKEN.values() for kind, _ in faults}
    assert kinds == {"changed", "missing", "extra"}
    assert frozenset() in [faults for _, faults in BROKEN.values()]
