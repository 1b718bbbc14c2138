"""`archive invariants`: every planted difference is found and named, and a whole archive has none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from archive_service.cli.invariants import NAMES
from archive_service.invariants import check_invariants, invariants_run
from archive_service.invariants.run import CHECKS, SUBJECTS, _plain, walk
from archive_service.invariants.words import every_code
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.kernel.jobs import Job, JobState
from archive_service.rebuild import rebuild
from archive_service.worker import HANDLERS, drain
from ingest.models import Sip, SipState
from preservation.invariants.breach import Breach
from preservation.models import Amendment, Copy, CopyState, Document, Dossier, ErasureReceipt, KeptPaper
from preservation.ocfl.layout import object_path
from preservation.watch_models import Incident
from retention.destruction.papers import list_papers
from retention.models import DestructionEntry, DestructionList, EntryState, ListState
from tests.archives import House, make_house
from tests.past import Past
from tests.preservation.dossiers import flip, keep, place
from tests.sending import judged, packed, stored

Planted = Callable[[Past], None]


def found(house: House) -> set[str]:
    return {breach.code for breach in check_invariants(house.archive, OPERATOR).breaches}


def sql(past: Past, text: str) -> None:
    with past.house.archive.work(THE_ARCHIVE) as work:
        work.session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        work.session.connection().exec_driver_sql("DELETE FROM log_detail WHERE number = 3")
        work.session.connection().exec_driver_sql(text)


def execute(past: Past, *statements: object) -> None:
    with past.house.archive.work(THE_ARCHIVE) as work:
        for statement in statements:
            work.session.execute(statement)  # type: ignore[call-overload]


def add(past: Past, *rows: object) -> None:
    with past.house.archive.work(THE_ARCHIVE) as work:
        work.session.add_all(rows)


def job(past: Past, **values: object) -> None:
    now = past.house.clock.now() - timedelta(hours=2)
    add(past, Job(**{"kind": "index_dossier", "run_after": now, "created_at": now, **values}))


def first_paper(past: Past) -> Path:
    with past.house.archive.look(THE_ARCHIVE) as work:
        paper = next(list_papers(work))
    return past.house.archive.settings.data / "staging" / paper.key


def lose_all_but_inventory(past: Past) -> None:
    next((place(past.house, past.plain) / "v1").rglob("dossier.json")).unlink()


def foreign_object(past: Past) -> None:
    root = past.house.archive.settings.data / "storage/2"
    shutil.copytree(place(past.house, past.plain), root / object_path(f"urn:uuid:{uuid4()}"))
    past.house.clock.advance(days=3)


def back_from_the_dead(past: Past) -> None:
    root = past.house.archive.settings.data / "storage/2"
    folder = root / object_path(f"urn:uuid:{past.destroyed}")
    folder.mkdir(parents=True)
    (folder / "left").write_bytes(b"x")


def unknown_system_object(past: Past) -> None:
    root = past.house.archive.settings.data / "storage/2"
    (root / object_path("urn:vn-archive:system:la-2026-01")).mkdir(parents=True)
    (root / object_path("urn:vn-archive:system:la-2026-01") / "x").write_bytes(b"x")


def system_folder(past: Past) -> Path:
    root = past.house.archive.settings.data / "storage/2"
    return root / object_path("urn:vn-archive:system:organisation-2026-03")


def erase_from_index(past: Past) -> None:
    past.house.archive.index.erase([str(past.plain)])


def unknown_in_index(past: Past) -> None:
    from preservation.reading.find import _dossier_entry

    with past.house.archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get_one(Dossier, past.plain)
        work.session.expunge(dossier)
    dossier.id = uuid4()
    past.house.archive.index.write([_dossier_entry(dossier)])


def newer_than_the_index(past: Past) -> None:
    sql(past, "UPDATE dossier SET revision = revision + 1 WHERE state = 'stored'")
    sql(past, "UPDATE indexed SET revision = revision + 1")


SIP = {
    "submitted_by": None, "container_name": "a.zip", "media_type": "application/zip", "container_size": 3,
    "container_sha256": "0" * 64, "staged_key": "",
}  # fmt: skip


def sip(past: Past, **values: object) -> None:
    at = past.house.clock.now() - timedelta(hours=2)
    add(past, Sip(**{**SIP, "received_raw": at, "received_legal": at, **values}))


def not_stored(past: Past) -> None:
    with past.house.archive.look(THE_ARCHIVE) as work:
        named = work.session.get_one(Dossier, past.plain).submission["sip_id"]
    sip(past, id=UUID(named), state=SipState.refused)


def owing(past: Past) -> None:
    execute(past, update(ErasureReceipt).where(ErasureReceipt.place == "index").values(gone_at=None))


def idle(past: Past) -> None:
    execute(
        past,
        update(DestructionList).where(DestructionList.state == "certified").values(state=ListState.executing),
    )


def not_gone(past: Past) -> None:
    gone = select(DestructionList.id).where(DestructionList.state == "draft")
    execute(
        past, update(DestructionEntry).where(DestructionEntry.list_id.in_(gone)).values(state=EntryState.gone)
    )


PLANTS: dict[str, Planted] = {
    "root-not-checked": lambda p: (p.house.archive.settings.data / "storage/2/archive-root.json").unlink(),
    "copies-too-few": lambda p: execute(p, delete(Copy).where(Copy.root_id == "ban-sao")),
    "copy-root-unknown": lambda p: execute(p, update(Copy).where(Copy.root_id == "ban-sao").values(root_id="la")),
    "copy-damaged": lambda p: execute(p, update(Copy).values(state=CopyState.changed)),
    "copy-missing": lambda p: shutil.rmtree(place(p.house, p.plain)),
    "copy-differs": lambda p: flip(place(p.house, p.plain) / "inventory.json"),
    "description-missing": lose_all_but_inventory,
    "object-unknown": foreign_object,
    "system-object-unknown": unknown_system_object,
    "system-object-missing": lambda p: shutil.rmtree(system_folder(p)),
    "system-object-differs": lambda p: flip(system_folder(p) / "inventory.json"),
    "paper-not-in-storage": lambda p: add(p, KeptPaper(sha256="0" * 64, name="destruction-2026-03")),
    "counts-differ": lambda p: execute(p, update(Dossier).where(Dossier.id == p.plain).values(document_count=9)),
    "tombstone-with-rows": lambda p: add(p, Document(dossier_id=p.destroyed, ordinal=1)),
    "tombstone-without-receipts": lambda p: execute(p, delete(ErasureReceipt)),
    "receipt-without-tombstone": lambda p: add(p, ErasureReceipt(dossier_id=p.plain, place="index", entry_id=None)),
    "index-lacks": erase_from_index,
    "index-behind": newer_than_the_index,
    "index-unknown": unknown_in_index,
    "job-kind-unknown": lambda p: job(p, kind="bake_bread"),
    "job-without-subject": lambda p: job(p, subject_id=str(uuid4())),
    "job-stuck": lambda p: job(p, subject_id=str(p.plain), state=JobState.stuck),
    "job-not-run": lambda p: job(p, subject_id=str(p.plain)),
    "sip-without-dossier": lambda p: sip(p, state=SipState.stored, dossier_id=uuid4()),
    "sip-without-job": lambda p: sip(p),
    "sip-not-stored": not_stored,
    "container-missing": lambda p: sip(p, state=SipState.awaiting_decision, staged_key="sips/x/container"),
    "certificate-with-debts": owing,
    "receipt-lost": lambda p: execute(p, delete(ErasureReceipt).where(ErasureReceipt.place == "copy:ban-sao")),
    "execution-without-job": idle,
    "entry-gone-dossier-there": not_gone,
    "erased-still-there": back_from_the_dead,
    "paper-damaged": lambda p: flip(first_paper(p)),
    "log-head": lambda p: sql(p, "UPDATE log_head SET digest = 'x'"),
    "log-changed": lambda p: sql(p, "UPDATE log_entry SET body = x'7b7d' WHERE number = 3"),
    "log-removed": lambda p: sql(p, "DELETE FROM log_entry WHERE number = 3"),
    "log-index-changed": lambda p: sql(p, "UPDATE log_entry SET verb = 'search.made' WHERE number = 3"),
}  # fmt: skip


def test_a_whole_archive_has_no_breach(past: Past) -> None:
    report = check_invariants(past.house.archive, OPERATOR)
    assert report.breaches == []
    assert len(report.counts) == 13


@pytest.mark.parametrize("code", PLANTS)
def test_a_planted_breach_is_found_and_named(past: Past, code: str) -> None:
    PLANTS[code](past)
    assert code in found(past.house)


def test_what_a_destroyed_dossier_left_in_the_index_is_found(past: Past) -> None:
    """Its rows say destroyed and confirmed, and the index answers with it still."""
    sql(past, f"UPDATE dossier SET state = 'destroyed' WHERE id = '{past.plain.hex}'")
    assert "index-holds-destroyed" in found(past.house)


def test_an_index_that_is_away_is_told_and_the_rest_is_checked(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search.embedded import EmbeddedIndex
    from search.index import IndexAway

    def away(self: object, after: str = "") -> None:
        raise IndexAway

    monkeypatch.setattr(EmbeddedIndex, "revisions", away)
    report = check_invariants(past.house.archive, OPERATOR)
    assert [breach.code for breach in report.breaches] == ["index-not-checked"]


def test_work_that_is_on_its_way_is_no_breach(house: House, tmp_path: Path) -> None:
    """A package that waits, a dossier just stored whose index and leftovers are queued still."""
    judged(house, packed(tmp_path))
    assert found(house) == set()


def test_a_dossier_that_came_the_long_way_has_no_breach(house: House, tmp_path: Path) -> None:
    stored(house, packed(tmp_path))
    assert found(house) == set()


def test_on_postgresql_and_elasticsearch_it_says_the_same(
    tmp_path: Path, fresh_postgres: str, elasticsearch_url: str
) -> None:
    served = make_house(
        tmp_path, database=fresh_postgres, search=elasticsearch_url, search_index=f"t{uuid4().hex[:8]}"
    )
    kept, lost = keep(served, 1), keep(served, 2)
    drain(served.archive)
    assert found(served) == set()
    served.archive.index.erase([str(lost)])
    shutil.rmtree(place(served, kept))
    told = {(each.code, each.subject) for each in check_invariants(served.archive, OPERATOR).breaches}
    served.archive.close()
    assert {code for code, _ in told} == {"index-lacks", "copy-missing"}
    assert ("index-lacks", str(lost)) in told and len(told) == 4


def test_one_breach_of_a_thousand_does_not_fill_the_memory() -> None:
    def endless(_: object):  # type: ignore[no-untyped-def]
        while True:
            yield Breach("log-changed", "1")

    told = list(walk(None, (("log", endless),), most=5))  # type: ignore[arg-type]
    assert len(told) == 6


def test_the_nightly_run_opens_an_incident_for_each_and_only_once(past: Past) -> None:
    PLANTS["copy-missing"](past)
    for _ in range(2):
        invariants_run(past.house.archive)
    with past.house.archive.look(THE_ARCHIVE) as work:
        kinds = work.session.scalars(select(Incident.path).where(Incident.kind == "invariant")).all()
    assert kinds == [f"copy-missing: {past.plain} ban-sao"]


def test_every_code_has_its_words_and_its_test() -> None:
    beyond = {"index-not-checked", "index-holds-destroyed", "row-differs"}
    by_log = {f"log-{c}" for c in ("moved", "tail-cut", "recomputed", "detail-changed", "anchor-signature")}
    assert every_code().keys() == PLANTS.keys() | beyond | by_log


def test_every_kind_of_job_is_known() -> None:
    from archive_service.invariants.run import KINDS

    assert HANDLERS.keys() == KINDS
    assert new_id() and SUBJECTS.keys() <= HANDLERS.keys()


@pytest.mark.parametrize("busy", ["leased", "amending", "owed"])
def test_a_copy_that_is_being_worked_on_is_no_breach(past: Past, busy: str) -> None:
    PLANTS["copy-missing"](past)
    own = update(Copy).where(Copy.dossier_id == past.plain, Copy.root_id == "ban-sao")
    now = past.house.clock.now()
    if busy == "amending":
        add(past, Amendment(dossier_id=past.plain, description={}, message="", created_at=now))
    else:
        changed = (
            {"lease_until": now + timedelta(minutes=5)} if busy == "leased" else {"state": CopyState.owed}
        )
        execute(past, own.values(**changed))
    assert found(past.house) == set()


def test_a_rebuilt_catalogue_is_compared_row_for_row(past: Past, tmp_path: Path) -> None:
    archive, into = past.house.archive, f"sqlite:///{tmp_path / 'dung-lai.db'}"
    rebuild(archive, into=into, drill=True)
    assert check_invariants(archive, OPERATOR, into).whole
    execute(past, update(Dossier).where(Dossier.id == past.plain).values(regime="khac"))
    told = check_invariants(archive, OPERATOR, into).breaches
    assert [(each.code, each.subject) for each in told] == [("row-differs", f"dossier {past.plain} regime")]


def test_a_row_that_one_catalogue_lacks_is_told_by_its_key() -> None:
    assert (_plain(None), _plain((5, "a")), _plain(UUID(int=1))) == ("–", "5 a", str(UUID(int=1)))


def test_every_check_has_its_vietnamese_name() -> None:
    assert set(NAMES) == {name for name, _ in CHECKS} | {"rows"}
