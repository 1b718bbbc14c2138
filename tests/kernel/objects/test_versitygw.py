"""What a second S3 server does otherwise, which nobody above the store may notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from archive_service.kernel.objects import BadKey, StillThere, open_store
from archive_service.kernel.objects.s3 import S3Store
from tests.contracts.stores import SECOND, keys
from tests.services.s3 import S3

pytestmark = SECOND


def store_in(server: S3, bucket: str, *, release: bool = False) -> S3Store:
    url = f"s3://{bucket}/gốc?endpoint={server.endpoint}"
    return cast(
        S3Store,
        open_store(url, access_key=server.access_key, secret_key=server.secret_key, release=release),
    )


def test_a_key_that_would_be_file_and_folder_is_no_key_as_in_a_folder(versitygw_server: S3) -> None:
    store = store_in(versitygw_server, versitygw_server.new_bucket())
    store.put("x", b"1")
    store.put("f/y", b"1")
    for key, source in (("x/y", b"2"), ("f", b"2"), ("x/large", bytes(17 << 20))):
        with pytest.raises(BadKey):
            store.put(key, source)
    assert keys(store) == ["f/y", "x"]
    assert "Uploads" not in store.client.list_multipart_uploads(Bucket=store.bucket)


def test_two_slashes_are_one_there_and_refused_by_us(versitygw_server: S3) -> None:
    store = store_in(versitygw_server, versitygw_server.new_bucket())
    store.client.put_object(Bucket=store.bucket, Key="gốc/a//b", Body=b"1")
    assert keys(store) == ["a/b"]
    with pytest.raises(BadKey):
        store.put("a//b", b"1")


@pytest.mark.parametrize(("lock", "expected"), [(True, "holds"), (False, "none")])
def test_its_lock_is_seen_and_the_probe_leaves_nothing(
    versitygw_server: S3, lock: bool, expected: str
) -> None:
    store = store_in(versitygw_server, versitygw_server.new_bucket(lock=lock))
    facts = store.probe()
    assert (facts.lock, facts.checks_sha256, facts.refuses_to_replace_large) == (expected, True, True)
    assert facts.keeps_sha256
    assert not store.client.list_object_versions(Bucket=store.bucket).get("Versions")


def test_what_is_locked_there_goes_only_by_release(versitygw_server: S3) -> None:
    bucket = versitygw_server.new_bucket(lock=True)
    store = store_in(versitygw_server, bucket)
    store.put("o/1", b"1")
    store.put("o/1", b"2")
    store.put("o/2", bytes(17 << 20))
    later = datetime.now(UTC) + timedelta(days=2)
    assert store.retain("o", later) == 3
    assert store.retain("o", later - timedelta(days=1)) == 3
    held = store.locked("o")
    assert held.count == 3 and held.until is not None and held.until >= later.replace(microsecond=0)
    with pytest.raises(StillThere, match="o/1"):
        store.purge("o")
    assert store_in(versitygw_server, bucket, release=True).purge("o") == 3
    assert keys(store) == []
