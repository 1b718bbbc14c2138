"""What a store really does is tried, noted with its time, and an incident when it got worse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore, StoreAway, StoreFacts, s3_probe
from preservation.models import StorageRoot
from preservation.roots.markers import MARKER
from preservation.roots.probes import probe_roots
from tests.archives import House
from tests.kernel.objects.test_s3 import store_in
from tests.preservation.dossiers import incidents
from tests.services.s3 import S3


def row_of(house: House, root_id: str) -> StorageRoot:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(StorageRoot, root_id)


def saying(house: House, **facts: Any) -> Any:
    store = house.archive.stores["ban-sao"]
    told = replace(StoreFacts(True, True, True, False), **facts)
    return patch.object(store, "probe", lambda: told)


def test_a_probe_is_noted_with_its_time(house: House) -> None:
    before = house.clock.now()
    probe_roots(house.archive)
    row = row_of(house, "ban-sao")
    assert row.probed_at is not None and row.probed_at > before
    assert row.facts["refuses_to_replace"] is True


def test_a_store_that_got_worse_is_one_incident(house: House) -> None:
    with saying(house, lock="holds"):
        probe_roots(house.archive)
    for _ in range(2):
        with saying(house, lock="ignored", checks_sha256=False):
            probe_roots(house.archive)
    worse = [each for each in incidents(house.archive) if each.kind == "store-worse"]
    assert sorted((each.root_id, each.path, each.found) for each in worse) == [
        ("ban-sao", "checks_sha256", "False"),
        ("ban-sao", "lock", "ignored"),
    ]


def test_a_root_that_is_away_keeps_what_was_known_and_stops_nobody(house: House) -> None:
    with saying(house, lock="holds"):
        probe_roots(house.archive)

    def away() -> StoreFacts:
        raise StoreAway("x", "gone")

    with patch.object(house.archive.stores["ban-sao"], "probe", away):
        assert list(probe_roots(house.archive)) == ["kho-chinh"]
    assert row_of(house, "ban-sao").facts["lock"] == "holds"


def test_an_empty_mount_is_not_even_probed(house: House) -> None:
    store: ObjectStore = house.archive.stores["ban-sao"]
    store.delete(MARKER)
    with patch.object(store, "probe", side_effect=AssertionError):
        assert "ban-sao" not in probe_roots(house.archive)


@pytest.mark.parametrize(("lock", "expected"), [(True, "holds"), (False, "none")])
def test_a_lock_is_believed_only_when_it_held(s3_server: S3, lock: bool, expected: str) -> None:
    bucket = s3_server.new_bucket(lock=lock)
    assert store_in(s3_server, bucket).probe().lock == expected
    left = s3_server.client.list_object_versions(Bucket=bucket)
    assert not left.get("Versions") and not left.get("DeleteMarkers")


def test_a_server_that_takes_the_lock_and_deletes_all_the_same_is_seen_through(s3_server: S3) -> None:
    """As Swift does: our own lock headers never reach this server."""
    bucket = s3_server.new_bucket(versioning=True)
    store = store_in(s3_server, bucket)
    client = store.client  # type: ignore[attr-defined]

    def strip(model: Any, params: Any, **_: Any) -> None:
        for name in [n for n in params["headers"] if n.lower().startswith("x-amz-object-lock")]:
            del params["headers"][name]

    def ignore(*_: Any, **__: Any) -> None:
        raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 400}}, "PutObjectRetention")  # type: ignore[typeddict-item]

    client.meta.events.register("before-call.s3", strip)
    with patch.object(client, "put_object_retention", ignore):
        assert s3_probe.look_at_lock(client, bucket, "deposit/probe-") == "ignored"


def test_a_probe_of_a_versioned_bucket_leaves_nothing_behind(s3_server: S3) -> None:
    bucket = s3_server.new_bucket(versioning=True)
    assert store_in(s3_server, bucket).probe().keeps_versions
    left = s3_server.client.list_object_versions(Bucket=bucket)
    assert not left.get("Versions") and not left.get("DeleteMarkers")
