"""Each service is the real thing, and comes back after a kill with what it had answered."""

from __future__ import annotations

import socket
import urllib.parse
import urllib.request

import psycopg
import pytest
from botocore.exceptions import ClientError
from elasticsearch import Elasticsearch as Client
from playwright.sync_api import Page
from redis import Redis as RedisClient

from tests.services import clamd, elasticsearch, postgres, redis, s3


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


def test_a_fresh_database_is_empty_although_another_test_wrote_to_its_own(
    postgres_server: postgres.Postgres,
) -> None:
    with postgres_server.fresh() as first, psycopg.connect(_plain(first)) as connection:
        connection.execute("CREATE TABLE dossier (id int)")
        connection.commit()
        with postgres_server.fresh() as second, psycopg.connect(_plain(second)) as other:
            found = other.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'dossier'").fetchone()
    assert found == (0,)


def test_postgres_keeps_what_it_committed_when_it_is_killed(postgres_server: postgres.Postgres) -> None:
    with postgres_server.fresh() as url:
        with psycopg.connect(_plain(url)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        postgres_server.kill()
        postgres_server.start()
        with psycopg.connect(_plain(url)) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_redis_keeps_what_it_answered_when_it_is_killed(redis_server: redis.Redis) -> None:
    with RedisClient.from_url(redis_server.url) as client:
        client.set("key", "value")
        redis_server.kill()
        redis_server.start()
        assert client.get("key") == b"value"


def test_s3_refuses_a_second_conditional_put(s3_server: s3.S3) -> None:
    bucket = s3_server.new_bucket()
    s3_server.client.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3_server.client.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")


def test_s3_keeps_its_objects_when_it_is_killed(s3_server: s3.S3) -> None:
    bucket = s3_server.new_bucket(versioning=True)
    s3_server.client.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3_server.kill()
    s3_server.start()
    assert s3_server.client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


def test_a_bucket_with_lock_says_so(s3_server: s3.S3) -> None:
    answer = s3_server.client.get_object_lock_configuration(Bucket=s3_server.new_bucket(lock=True))
    assert answer["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"


def test_elasticsearch_answers_as_the_version_that_production_runs(
    elasticsearch_server: elasticsearch.Elasticsearch,
) -> None:
    with Client(elasticsearch_server.url) as client:
        assert client.info()["version"]["number"].startswith("8.19.")


def test_elasticsearch_folds_vietnamese_letters(elasticsearch_server: elasticsearch.Elasticsearch) -> None:
    with Client(elasticsearch_server.url) as client:
        found = client.indices.analyze(
            tokenizer="whitespace", filter=["lowercase", "asciifolding"], text="Đường Nguyễn Huệ"
        )
    assert [token["token"] for token in found["tokens"]] == ["duong", "nguyen", "hue"]


def _scan(url: str, content: bytes) -> bytes:
    address = urllib.parse.urlsplit(url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as line:
        line.sendall(b"zINSTREAM\0" + len(content).to_bytes(4, "big") + content + bytes(4))
        return line.recv(200)


def test_clamd_finds_the_test_text_and_nothing_in_clean_bytes(clamd_url: str) -> None:
    assert clamd.SIGNATURE.encode() in _scan(clamd_url, b"header " + clamd.eicar())
    assert _scan(clamd_url, b"nothing bad").endswith(b"OK\0")


def test_chromium_shows_a_page(page: Page) -> None:
    page.set_content("<h1>Hồ sơ</h1>")
    assert page.inner_text("h1") == "Hồ sơ"
