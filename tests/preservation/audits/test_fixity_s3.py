"""The audit on a real S3 service: what a folder shows, a bucket shows too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import open_store
from archive_service.kernel.objects.s3 import S3Store
from archive_service.kernel.objects.s3_parts import base64_of
from archive_service.kernel.settings import Credentials, Root
from preservation.aips.repair import evidence_of
from preservation.audits.fixity import fixity_run
from preservation.audits.quick import quick_run
from preservation.audits.restore import restore_copy
from preservation.audits.self_repair import repair_copies
from preservation.models import CopyState
from preservation.ocfl.layout import object_path
from preservation.roots.canaries import CANARIES, hear_canaries
from preservation.roots.markers import MARKER
from preservation.watch_models import CanaryCheck
from tests.archives import House, make_house
from tests.faults.proxy import door
from tests.preservation.dossiers import audit, dossier_of, incidents, keep, states
from tests.services.s3 import S3


@pytest.fixture
def bucket_house(tmp_path: Path, s3_server: S3) -> Iterator[House]:
    """One root is a folder, the other a bucket."""
    url = f"s3://{s3_server.new_bucket()}?endpoint={s3_server.endpoint}"
    keys = Credentials(access_key=s3_server.access_key, secret_key=SecretStr(s3_server.secret_key))
    roots = [
        Root(id="kho-chinh", url=(tmp_path / "1").as_uri(), failure_domain="1", role="primary"),
        Root(id="ban-sao", url=url, failure_domain="2", credentials="s3"),
    ]
    house = make_house(tmp_path, storage=roots, credentials={"s3": keys})
    yield house
    house.archive.close()


def test_changed_missing_and_extra_bytes_in_a_bucket_are_found_and_made_good(bucket_house: House) -> None:
    house, store = bucket_house, bucket_house.archive.stores["ban-sao"]
    dossier_id = keep(house)
    folder = object_path(dossier_of(house.archive, dossier_id).object_id)
    first, second, *_ = sorted(i.key for i in store.list(folder) if i.key.endswith(".pdf"))
    store.put(first, b"other bytes")
    store.delete(second)
    store.put(f"{folder}/la.txt", b"la")
    assert audit(house).faults == 3
    assert {each.kind for each in incidents(house.archive)} == {"changed", "missing", "extra"}
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert audit(house).faults == 0
    assert set(states(house.archive, dossier_id).values()) == {CopyState.verified}
    assert any(store.list(evidence_of(dossier_id)))


def test_a_bucket_without_its_marker_is_not_audited(bucket_house: House) -> None:
    keep(bucket_house)
    bucket_house.archive.stores["ban-sao"].delete(MARKER)
    assert audit(bucket_house).stopped == {"ban-sao": "marker-missing"}


def test_the_samples_in_a_bucket_are_heard_and_repair_works_by_itself(bucket_house: House) -> None:
    house, store = bucket_house, bucket_house.archive.stores["ban-sao"]
    folder = object_path(dossier_of(house.archive, keep(house)).object_id)
    store.put(next(i.key for i in store.list(folder) if i.key.endswith(".pdf")), b"other bytes")
    assert audit(house).faults == 1
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(CanaryCheck, "ban-sao").reported == 6
    assert repair_copies(house.archive).repaired == 1
    store.delete_tree(CANARIES)
    audit(house)
    assert [each.kind for each in incidents(house.archive)].count("alarm-dead") == 1
    assert hear_canaries(store).reported == 6


@pytest.mark.parametrize("with_digest", [True, False], ids=["another client's digest", "no digest"])
def test_other_bytes_of_the_same_size_are_seen_by_the_digest_that_the_bucket_keeps(
    bucket_house: House, with_digest: bool
) -> None:
    """No content is read; what a folder leaves to the full check, a bucket tells within the week."""
    house, store = bucket_house, bucket_house.archive.stores["ban-sao"]
    assert isinstance(store, S3Store)
    folder = object_path(dossier_of(house.archive, keep(house)).object_id)
    house.clock.advance(days=7, minutes=1)
    assert quick_run(house.archive).suspect == 0
    found = next(info for info in store.list(folder) if info.key.endswith(".pdf"))
    other = bytes(found.size)
    sha256 = {"ChecksumSHA256": base64_of(other)} if with_digest else {}
    store.client.put_object(Bucket=store.bucket, Key=found.key, Body=other, **sha256)  # type: ignore[arg-type]
    house.clock.advance(days=7, minutes=1)
    quick = quick_run(house.archive)
    assert (quick.checked, quick.suspect, incidents(house.archive)) == (2, 1, [])
    assert fixity_run(house.archive).faults == 1
    assert [each.kind for each in incidents(house.archive)] == ["changed"]


def test_a_full_bucket_is_looked_at_all_the_same(bucket_house: House, s3_server: S3) -> None:
    """A worker that just began cannot probe it by writing; each copy would be told as suspect, and all read at once."""
    house = bucket_house
    keep(house)
    with door(s3_server.endpoint) as opened:
        keys = house.archive.settings.credentials["s3"]
        bucket = house.archive.stores["ban-sao"].bucket  # type: ignore[attr-defined]
        house.archive.stores["ban-sao"] = open_store(
            f"s3://{bucket}?endpoint={opened.url}",
            access_key=keys.access_key,
            secret_key=keys.secret_key.get_secret_value(),
        )
        opened.shut(507, only="PUT ")
        house.clock.advance(days=8)
        found = quick_run(house.archive)
        assert opened.refused
    assert (found.checked, found.suspect) == (2, 0)
