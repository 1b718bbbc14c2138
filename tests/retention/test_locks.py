"""Object locks on a real store: as long as the term, released by nobody but lawful destruction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.objects import StillThere
from archive_service.kernel.settings import Credentials, Root
from preservation.aips.erase import erase
from preservation.models import Copy, ErasureReceipt, StorageRoot
from preservation.ocfl.layout import object_path
from preservation.ocfl.store import erase_object
from preservation.roots.markers import MARKER
from preservation.roots.probes import probe_roots
from retention.locks import lock_run, require_locks
from retention.models import Assessment, TermKind
from tests.archives import House, make_house
from tests.preservation.dossiers import dossier_of, keep
from tests.services.s3 import S3


def roots_of(tmp_path: Path, s3_server: S3, *, lock: bool) -> dict[str, Any]:
    url = f"s3://{s3_server.new_bucket(lock=lock)}?endpoint={s3_server.endpoint}"
    keys = Credentials(access_key=s3_server.access_key, secret_key=SecretStr(s3_server.secret_key))
    locking = Root(
        id="ban-sao", url=url, failure_domain="2", credentials="s3", delete_credentials="s3",
        object_lock="governance",
    )  # fmt: skip
    folder = Root(id="kho-chinh", url=(tmp_path / "1").as_uri(), failure_domain="1", role="primary")
    return {"storage": [folder, locking], "credentials": {"s3": keys}, "lock_days": 400}


@pytest.fixture
def locking(tmp_path: Path, s3_server: S3) -> Iterator[House]:
    house = make_house(tmp_path, **roots_of(tmp_path, s3_server, lock=True))
    yield house
    house.archive.close()


def term(house: House, dossier_id: UUID, ends_on: date | None) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        row = work.session.get(Assessment, dossier_id)
        if row is None:
            row = Assessment(dossier_id=dossier_id, kind=TermKind.years)
            work.session.add(row)
        row.ends_on = ends_on


def copy_of(house: House, dossier_id: UUID) -> Copy:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Copy, (dossier_id, "ban-sao"))


def test_a_copy_is_locked_for_its_whole_term_and_prolonged_with_it(locking: House) -> None:
    dossier_id = keep(locking)
    store, folder = (
        locking.archive.stores["ban-sao"],
        object_path(dossier_of(locking.archive, dossier_id).object_id),
    )
    term(locking, dossier_id, date(2040, 12, 31))
    assert (lock_run(locking.archive), lock_run(locking.archive)) == (1, 0)
    held = store.locked(folder)
    assert held.count == len(list(store.list(folder)))
    assert held.until is not None and held.until.isoformat() == "2040-12-31T17:00:00+00:00"
    term(locking, dossier_id, date(2045, 12, 31))
    assert lock_run(locking.archive) == 1
    until = store.locked(folder).until
    assert until is not None and until.year == 2045
    with pytest.raises(StillThere):
        erase_object(store, dossier_of(locking.archive, dossier_id).object_id)


def test_what_has_no_date_is_locked_ahead_and_renewed(locking: House) -> None:
    dossier_id = keep(locking)
    assert lock_run(locking.archive) == 1
    first = copy_of(locking, dossier_id).locked_until
    locking.clock.advance(days=250)
    assert lock_run(locking.archive) == 1
    again = copy_of(locking, dossier_id).locked_until
    assert first is not None and again is not None and again - first >= timedelta(days=250)


def test_a_root_that_is_away_keeps_no_other_from_its_locks(tmp_path: Path, s3_server: S3) -> None:
    settings = roots_of(tmp_path, s3_server, lock=True)
    (_, first), (_, second) = (roots_of(tmp_path, s3_server, lock=True)["storage"] for _ in range(2))
    second = second.model_copy(update={"id": "ban-sao-3", "failure_domain": "3"})
    house = make_house(tmp_path, **{**settings, "storage": [settings["storage"][0], first, second]})
    dossier_id = keep(house)
    house.archive.stores["ban-sao"].delete(MARKER)
    with pytest.raises(TryLater):
        lock_run(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        locked = {
            root: work.session.get_one(Copy, (dossier_id, root)).locked_until
            for root in ("ban-sao", "ban-sao-3")
        }
    assert locked["ban-sao"] is None and locked["ban-sao-3"] is not None
    house.archive.close()


def test_destruction_releases_the_lock_and_says_so_in_the_receipt(locking: House) -> None:
    dossier_id = keep(locking)
    term(locking, dossier_id, date(2040, 12, 31))
    lock_run(locking.archive)
    object_id = dossier_of(locking.archive, dossier_id).object_id
    assert erase(locking.archive, dossier_id, ground="expired", entry_id=None)
    assert not list(locking.archive.stores["ban-sao"].list(object_path(object_id)))
    with locking.archive.look(THE_ARCHIVE) as work:
        detail = work.session.get_one(ErasureReceipt, (dossier_id, "copy:ban-sao")).detail
    assert detail["released"] > 0 and detail["locked_until"].startswith("2040-12-31")


def test_a_store_that_does_not_lock_stops_the_start(tmp_path: Path, s3_server: S3) -> None:
    with pytest.raises(NotPossible, match="ban-sao"):
        make_house(tmp_path, **roots_of(tmp_path, s3_server, lock=False))


def test_a_lock_that_was_lost_since_stops_the_next_start(locking: House) -> None:
    require_locks(locking.archive)
    with locking.archive.work(THE_ARCHIVE) as work:
        row = work.session.get_one(StorageRoot, "ban-sao")
        row.facts = {**row.facts, "lock": "ignored"}
    with pytest.raises(NotPossible) as refused:
        require_locks(locking.archive)
    assert refused.value.name == "lock-not-held"
    probe_roots(locking.archive)
    require_locks(locking.archive)


def test_a_lock_needs_a_bucket_and_keys_of_its_own_to_delete() -> None:
    with pytest.raises(ValidationError, match="delete_credentials"):
        Root(id="a", url="s3://b", failure_domain="1", object_lock="governance")
    with pytest.raises(ValidationError, match="s3://"):
        Root(id="a", url="file:///b", failure_domain="1", delete_credentials="x", object_lock="governance")
