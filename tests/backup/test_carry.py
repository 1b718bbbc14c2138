"""A backup older than storage: the rebuild takes from it what storage cannot give, and nothing that ended since."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select, update

from archive_service.accounts.people import enter_person
from archive_service.accounts.signin import set_password, sign_in
from archive_service.backup.checks import find_set
from archive_service.backup.restore import restore
from archive_service.invariants import check_invariants
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import ArchiveError, NotPossible
from archive_service.kernel.log import LogDetail
from archive_service.kernel.people import Token
from archive_service.rebuild import rebuild
from archive_service.rebuild.carry import CARRIED, LEFT
from archive_service.rebuild.compare import compare
from archive_service.rebuild.report import RebuildReport
from archive_service.rebuild.snapshots import keep_system_objects, models
from archive_service.worker import drain
from ingest.accept import return_sip
from ingest.models import Sip, SipState
from preservation.audits.log_check import check_chain
from preservation.models import DossierState
from preservation.system.objects import anchor
from retention.assess import assess_owed
from tests.backup.conftest import Safe
from tests.backup.test_restore import lose
from tests.preservation.dossiers import dossier_of, keep
from tests.sending import accept, another, judged, packed, sip_of


def settle(safe: Safe) -> None:
    """Everything that storage is to know is there."""
    assess_owed(safe.archive)
    drain(safe.archive)
    safe.house.clock.advance(days=1)
    keep_system_objects(safe.archive, now=True)
    anchor(safe.archive)


def recover(safe: Safe, set_id: str) -> RebuildReport:
    """The database is lost: the backup into a place of its own, then the rebuild that carries from it."""
    lose(safe)
    into = f"sqlite:///{safe.folder / 'phuc-hoi.db'}"
    store, medium, _ = find_set(safe.archive, set_id, None)
    assert restore(safe.archive, store, medium, set_id, safe.identities, into=into).newer
    safe.archive.__dict__.pop("index", None)
    return rebuild(safe.archive, backup=into)


def test_every_operational_table_is_carried_or_left_for_a_reason() -> None:
    operational = {name for name, model in models().items() if model.kept == "operational"}
    assert operational == {*CARRIED, *LEFT}


def test_passwords_and_undecided_submissions_come_back_beside_newer_dossiers(
    safe: Safe, tmp_path: Path
) -> None:
    waiting = judged(safe.house, packed(tmp_path, another("77.TTr"), "a.zip"))
    report = safe.run()
    keep(safe.house, 9)
    settle(safe)
    lost = safe.archive.settings.data / "lost.db"
    found = recover(safe, report.set_id)
    assert (found.whole, found.dossiers, found.carried["sip"]) == (True, 4, 1)
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, safe.archive.engine)) == []
    old.dispose()
    assert sign_in(safe.archive, "quantri", "Mat-khau-1")
    assert check_chain(safe.archive, OPERATOR).faults == ()
    dossier = accept(safe.house, sip_of(safe.house, waiting.id))
    drain(safe.archive)
    assert dossier_of(safe.archive, dossier).state is DossierState.stored
    assert check_invariants(safe.archive, OPERATOR).breaches == []


def test_a_submission_that_was_decided_since_is_not_decided_twice(safe: Safe, tmp_path: Path) -> None:
    kept = judged(safe.house, packed(tmp_path, another("77.TTr"), "a.zip"))
    sent_back = judged(safe.house, packed(tmp_path, another("78.TTr"), "b.zip"))
    report = safe.run()
    accept(safe.house, kept)
    with safe.archive.work(safe.house.actor("officer")) as work:
        return_sip(work, sent_back.id, reason="Thiếu phụ lục", version=sent_back.row_version)
    settle(safe)
    recover(safe, report.set_id)
    assert sip_of(safe.house, kept.id).state is SipState.stored
    assert sip_of(safe.house, sent_back.id).state is SipState.returned
    drain(safe.archive)
    assert check_invariants(safe.archive, OPERATOR).breaches == []


def test_a_submission_that_was_being_checked_goes_on(safe: Safe, tmp_path: Path) -> None:
    from tests.sending import send

    received = send(safe.house, packed(tmp_path, another("77.TTr"), "a.zip")).sip_id
    report = safe.run()
    anchor(safe.archive)
    recover(safe, report.set_id)
    drain(safe.archive)
    assert sip_of(safe.house, received).state is SipState.awaiting_decision


def test_what_was_destroyed_since_does_not_come_back_with_the_backup(safe: Safe, tmp_path: Path) -> None:
    from tests.past import code

    due = {"Maintenance": "1 năm"}
    doomed = keep(safe.house, 8, dossier=code(8) | due)
    drain(safe.archive)
    with safe.archive.work(THE_ARCHIVE) as work:
        at = work.now()
        named = {"container_name": "mat.zip", "media_type": "application/zip", "container_size": 3}
        work.session.add(
            Sip(
                **named, submitted_by=None, container_sha256="0" * 64, staged_key="", received_raw=at,
                received_legal=at, state=SipState.stored, dossier_id=doomed, title="Một tiêu đề phải mất",
            )
        )  # fmt: skip
    report = safe.run()
    hands = safe.past.hands
    hands.execute(hands.started(doomed))
    settle(safe)
    assert recover(safe, report.set_id).whole
    assert dossier_of(safe.archive, doomed).state is DossierState.destroyed
    with safe.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(Sip.container_name)).all() == [""]
    assert check_invariants(safe.archive, OPERATOR).breaches == []


def test_a_password_or_token_that_ended_since_stays_ended(safe: Safe) -> None:
    from archive_service.accounts.people import end_token, make_token

    people = safe.house.people
    with safe.archive.work(safe.house.actor("administrator")) as work:
        make_token(work, people["administrator"].id, "QLVB")
        token = work.session.scalars(select(Token)).one()
    report = safe.run()
    with safe.archive.work(safe.house.actor("administrator")) as work:
        end_token(work, token.id)
        from archive_service.kernel.people import Person

        head = work.session.scalars(select(Person).where(Person.username == "dungdau")).one()
        set_password(work, head.id, "Mat-khau-moi-9")
    settle(safe)
    recover(safe, report.set_id)
    with safe.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(Token.ended_at)).one() is not None
    for password in ("Mat-khau-1", "Mat-khau-moi-9"):
        with pytest.raises(ArchiveError):
            sign_in(safe.archive, "dungdau", password)


def test_a_backup_of_another_archive_is_not_carried_from(safe: Safe) -> None:
    from archive_service.kernel.state import ArchiveState

    report = safe.run()
    anchor(safe.archive)
    lose(safe)
    into = f"sqlite:///{safe.folder / 'phuc-hoi.db'}"
    store, medium, _ = find_set(safe.archive, report.set_id, None)
    restore(safe.archive, store, medium, report.set_id, safe.identities, into=into)
    engine = open_engine(into)
    with engine.begin() as connection:
        from uuid import uuid4

        connection.execute(update(ArchiveState).values(archive_id=uuid4()))
    engine.dispose()
    with pytest.raises(NotPossible) as refused:
        rebuild(safe.archive, backup=into)
    assert refused.value.name == "foreign-backup"


def test_what_storage_does_not_know_the_parent_of_is_left(safe: Safe) -> None:
    """The last acts before the loss reached no root: a person and the entries of the log that only the backup has."""
    with safe.archive.work(THE_ARCHIVE) as work:
        person = enter_person(work, "moi-den", "Người mới đến")
        set_password(work, person.id, "Mat-khau-7")
    report = safe.run()
    lose(safe)
    into = f"sqlite:///{safe.folder / 'phuc-hoi.db'}"
    store, medium, set_id = find_set(safe.archive, report.set_id, None)
    restore(safe.archive, store, medium, set_id, safe.identities, into=into)
    found = rebuild(safe.archive, backup=into)
    assert found.whole and found.carried["password"] == 2
    assert check_chain(safe.archive, OPERATOR).faults == ()


def test_a_detail_that_its_entry_was_not_hashed_over_is_left(safe: Safe) -> None:
    report = safe.run()
    anchor(safe.archive)
    lose(safe)
    into = safe.folder / "phuc-hoi.db"
    store, medium, set_id = find_set(safe.archive, report.set_id, None)
    restore(safe.archive, store, medium, set_id, safe.identities, into=f"sqlite:///{into}")
    with sqlite3.connect(into) as connection:
        connection.execute("UPDATE log_detail SET detail = '{}' WHERE number = 3")
    connection.close()
    rebuild(safe.archive, backup=f"sqlite:///{into}")
    assert check_chain(safe.archive, OPERATOR).faults == ()
    with safe.archive.look(THE_ARCHIVE) as work:
        assert (work.session.get(LogDetail, 3), bool(work.session.get(LogDetail, 4))) == (None, True)
