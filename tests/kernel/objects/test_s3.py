"""What only an S3 store can get wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from archive_service.kernel.objects import (
    AlreadyThere,
    ObjectStore,
    StillThere,
    StoreAway,
    StoreFull,
    open_store,
)
from archive_service.kernel.objects.s3 import address_of
from archive_service.kernel.objects.s3_parts import base64_of
from tests.services.s3 import S3


def store_in(server: S3, bucket: str, prefix: str = "") -> ObjectStore:
    return open_store(
        f"s3://{bucket}/{prefix}?endpoint={server.endpoint}",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


def versions(server: S3, bucket: str) -> list[str]:
    answer = server.client.list_object_versions(Bucket=bucket)
    found = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
    return sorted({each["Key"] for each in found if not each["Key"].startswith("deposit/")})


def test_a_purge_takes_all_versions_and_markers_and_a_delete_does_not(s3_server: S3) -> None:
    bucket = s3_server.new_bucket(versioning=True)
    store = store_in(s3_server, bucket)
    for key in ("a/1", "a/2", "ab"):
        store.put(key, b"one")
        store.put(key, b"two")
    store.delete_tree("a")
    assert [info.key for info in store.list()] == ["ab"]
    assert versions(s3_server, bucket) == ["a/1", "a/2", "ab"]
    assert store.purge("a") == 6
    assert versions(s3_server, bucket) == ["ab"]


def test_a_purge_that_a_lock_forbids_says_what_is_left(s3_server: S3) -> None:
    bucket = s3_server.new_bucket(lock=True)
    store = store_in(s3_server, bucket)
    store.put("a/1", b"x")
    until = datetime.now(UTC) + timedelta(days=1)
    s3_server.client.put_object_retention(
        Bucket=bucket, Key="a/1", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until}
    )
    with pytest.raises(StillThere, match="a/1"):
        store.purge("a")


def test_unfinished_uploads_are_purged_and_swept(s3_server: S3) -> None:
    bucket = s3_server.new_bucket()
    store = store_in(s3_server, bucket, "gốc")
    for key in ("gốc/a/1", "gốc/ab", "elsewhere"):
        s3_server.client.create_multipart_upload(Bucket=bucket, Key=key)
    assert store.purge("a") == 1
    assert store.sweep(timedelta(hours=1)) == 0
    assert store.sweep(timedelta(0)) == 1
    left = s3_server.client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [each["Key"] for each in left] == ["elsewhere"]


def test_two_stores_in_one_bucket_do_not_see_each_other(s3_server: S3) -> None:
    bucket = s3_server.new_bucket()
    one, other = store_in(s3_server, bucket, "a"), store_in(s3_server, bucket, "ab")
    one.put("x", b"1")
    other.put("y", b"1")
    assert [info.key for info in one.list()] == ["x"]
    one.purge("x")
    assert [info.key for info in other.list()] == ["y"]


def test_every_part_carries_a_sha256_that_the_server_keeps(s3_server: S3) -> None:
    bucket = s3_server.new_bucket()
    store_in(s3_server, bucket).put("k", b"abc")
    head = s3_server.client.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64_of(b"abc")


@pytest.mark.parametrize("wrong", ["bucket", "secret"])
def test_a_wrong_bucket_or_secret_is_our_fault_and_makes_no_bucket(s3_server: S3, wrong: str) -> None:
    bucket = s3_server.new_bucket()
    store = open_store(
        f"s3://{'misspelt' if wrong == 'bucket' else bucket}?endpoint={s3_server.endpoint}",
        access_key=s3_server.access_key,
        secret_key="wrong" if wrong == "secret" else s3_server.secret_key,
    )
    with pytest.raises(StoreAway) as away:
        store.put("a", b"x")
    assert "only-for-tests" not in str(away.value)
    names = [each["Name"] for each in s3_server.client.list_buckets()["Buckets"]]
    assert "misspelt" not in names


def test_create_makes_the_bucket_once(s3_server: S3) -> None:
    store = store_in(s3_server, "made-by-init")
    store.create()
    store.create()
    store.put("a", b"x")


@contextmanager
def answering(status: int, body: bytes = b"", length: int | None = None) -> Iterator[str]:
    """A server that answers every request so: what no healthy server can be made to do."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # else boto3 waits a second for its "100 Continue"

        def do(self) -> None:
            self.close_connection = True
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("ETag", '"e"')
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", StoreAway),
        (500, "InternalError", StoreAway),
        (507, "InsufficientStorage", StoreFull),
    ],
)
def test_a_server_in_trouble_is_away_and_a_full_one_is_full(
    status: int, code: str, kind: type[StoreAway]
) -> None:
    with answering(status, error(code)) as endpoint:
        store = open_store(f"s3://b?endpoint={endpoint}", access_key="a", secret_key="b")
        with pytest.raises(kind) as away:
            store.open("a").__enter__()
    assert code in str(away.value)


def test_a_connection_that_breaks_is_never_a_short_file() -> None:
    with answering(200, b"half", length=1000) as endpoint:
        store = open_store(f"s3://b?endpoint={endpoint}", access_key="a", secret_key="b")
        with pytest.raises(StoreAway), store.open("a") as stream:
            stream.read()


def test_a_server_that_checks_nothing_is_seen_through_and_read_back() -> None:
    """It says OK to everything, a wrong checksum too, and gives other bytes than it got."""
    with answering(200, b"<R><UploadId>1</UploadId></R>") as endpoint:
        store = open_store(f"s3://b?endpoint={endpoint}", access_key="a", secret_key="b")
        facts = store.probe()
        assert not (facts.checks_sha256 or facts.refuses_to_replace or facts.refuses_to_replace_large)
        with pytest.raises(StoreAway, match="read back changed"):
            store.put("a", b"bytes")
        with pytest.raises(AlreadyThere):
            store.put("a", b"bytes", if_absent=True)


def test_an_address_is_read_whole() -> None:
    address = address_of("s3://kho/g%E1%BB%91c/1/?endpoint=https://s3.example.vn:9000&region=vn-1")
    assert (address.bucket, address.prefix) == ("kho", "gốc/1")
    assert (address.endpoint, address.region) == ("https://s3.example.vn:9000", "vn-1")


@pytest.mark.parametrize("url", ["s3:///prefix", "s3://b?secret=x", "file://host/a", "/tmp/a", "http://x/y"])
def test_any_other_address_is_refused(url: str) -> None:
    from archive_service.kernel.errors import NotPossible

    with pytest.raises(NotPossible):
        open_store(url)
