"""Lock and encryption together, on a real store: what may not be deleted yet can still be made unreadable for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import JobState
from archive_service.kernel.keystore.entry import entry_name
from archive_service.kernel.objects import ObjectMissing
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.s3 import S3Store
from preservation.aips.erase import KEY, erase
from preservation.audits.restore import restore_copy
from preservation.models import Dossier, DossierState, ErasureReceipt
from preservation.ocfl.layout import object_path
from retention.locks import lock_run
from tests.archives import House, make_house
from tests.faults.dossiers import jobs_of
from tests.preservation.dossiers import audit, dossier_of, keep, states
from tests.retention.test_locks import roots_of, term
from tests.services.s3 import S3

PLACE = "copy:ban-sao"


@pytest.fixture
def house(tmp_path: Path, s3_server: S3) -> Iterator[House]:
    made = make_house(tmp_path, **roots_of(tmp_path, s3_server, lock=True))
    yield made
    made.archive.close()


@pytest.fixture
def dossier(house: House) -> Dossier:
    """Stored, and locked until its term ends."""
    dossier_id = keep(house)
    term(house, dossier_id, date(2040, 12, 31))
    assert lock_run(house.archive) == 1
    return dossier_of(house.archive, dossier_id)


def sealed(house: House) -> EncryptedStore:
    store = house.archive.stores["ban-sao"]
    assert isinstance(store, EncryptedStore) and isinstance(store.inner, S3Store)
    return store


def versions(house: House, dossier: Dossier) -> dict[str, list[dict[str, Any]]]:
    """Key in the bucket → its versions, the newest first."""
    inner = sealed(house).inner
    assert isinstance(inner, S3Store)
    answer = inner.client.list_object_versions(Bucket=inner.bucket, Prefix=object_path(dossier.object_id))
    found: dict[str, list[dict[str, Any]]] = {}
    for each in answer.get("Versions", ()):
        found.setdefault(each["Key"], []).append({**each})
    return found


def receipt(house: House, dossier_id: UUID, place: str) -> ErasureReceipt:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(ErasureReceipt, (dossier_id, place))


def test_what_is_locked_is_the_sealed_form_and_it_is_prolonged(house: House, dossier: Dossier) -> None:
    found, folder = versions(house, dossier), object_path(dossier.object_id)
    assert found and not any("TTr" in key or "inventory" in key for key in found)
    assert sealed(house).locked(folder).count == len(found)
    term(house, dossier.id, date(2045, 12, 31))
    assert lock_run(house.archive) == 1
    until = sealed(house).locked(folder).until
    assert until is not None and until.year == 2045
    audit(house)
    assert states(house.archive, dossier.id)["ban-sao"] == "verified"


def test_destruction_records_the_lock_s_release_and_the_key_s_end(house: House, dossier: Dossier) -> None:
    assert erase(house.archive, dossier.id, ground="expired", entry_id=None)
    assert versions(house, dossier) == {}
    released, key = receipt(house, dossier.id, PLACE), receipt(house, dossier.id, KEY)
    assert released.gone_at and released.detail["released"] > 0
    assert released.detail["locked_until"].startswith("2040-12-31")
    assert key.gone_at and key.detail == {"removed": 2}
    for place in house.archive.settings.keystore.places:
        assert not (place / entry_name(dossier.object_id)).exists()
        assert dossier.object_id in (place / "destroyed.jsonl").read_text()


def test_a_version_that_nobody_may_release_is_unreadable_and_still_owed(
    house: House, dossier: Dossier
) -> None:
    """Somebody put a compliance lock on it, which no key goes past."""
    inner, store = sealed(house).inner, sealed(house)
    assert isinstance(inner, S3Store)
    path = next(each.key for each in store.list(object_path(dossier.object_id)) if each.key.endswith(".pdf"))
    key, (version,) = next(each for each in versions(house, dossier).items() if each[0] == store._name(path))
    inner.client.put_object_retention(
        Bucket=inner.bucket, Key=key, VersionId=version["VersionId"], BypassGovernanceRetention=True,
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": datetime(2041, 1, 1, tzinfo=UTC)},
    )  # fmt: skip
    assert not erase(house.archive, dossier.id, ground="expired", entry_id=None)
    assert receipt(house, dossier.id, KEY).gone_at is not None
    owed = receipt(house, dossier.id, PLACE)
    assert owed.gone_at is None and "removed from a storage root" in owed.detail["owed_because"]
    assert dossier_of(house.archive, dossier.id).state is DossierState.destroyed
    assert list(versions(house, dossier)) == [key], "the bytes are there"
    with pytest.raises(ObjectMissing), store.open(path) as stream:
        stream.read()


def test_what_a_repair_wrote_anew_is_locked_at_once(house: House, dossier: Dossier) -> None:
    store, folder = sealed(house), object_path(dossier.object_id)
    path = next(each.key for each in store.list(folder) if each.key.endswith(".pdf"))
    store.inner.put(store._name(path), b"other bytes")
    assert audit(house).faults == 1
    restore_copy(house.archive, house.actor("auditor"), dossier.id, "ban-sao")
    assert [job.state for job in jobs_of(house.archive, "lock_run")] == [JobState.queued]
    assert lock_run(house.archive) == 1
    newest = versions(house, dossier)
    assert len(newest[store._name(path)]) == 3
    held = store.locked(folder)
    assert held.count == sum(len(each) for each in newest.values())
    assert held.until is not None and held.until - datetime(2040, 12, 31, 17, tzinfo=UTC) < timedelta(days=1)
