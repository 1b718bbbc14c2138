"""An object store in an S3 bucket. Nothing that a server says about itself is believed: `probe` looks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from archive_service.kernel.digests import CHUNK
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import s3_lock, s3_probe, s3_purge, s3_put
from archive_service.kernel.objects.port import (
    DEPOSIT,
    AlreadyThere,
    Locked,
    ObjectInfo,
    ObjectMissing,
    Source,
    StoreAway,
    StoreFacts,
    checked_key,
    checked_prefix,
    is_key,
)
from archive_service.kernel.objects.s3_faults import s3_faults
from archive_service.kernel.objects.s3_parts import Sent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 4},
    s3={"addressing_style": "path"},
    # Digests are ours, one a part; boto3's own CRC32 would be a second one that not every server knows.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@dataclass(frozen=True, slots=True)
class S3Address:
    bucket: str
    prefix: str
    endpoint: str | None
    region: str


def address_of(url: str) -> S3Address:
    """Reads `s3://bucket/prefix?endpoint=https://host:port&region=name`; raises `NotPossible` for other options."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if strange := sorted(options.keys() - {"endpoint", "region"}):
        raise NotPossible(
            f"Địa chỉ kho lưu trữ có tham số lạ: {', '.join(strange)}.",
            f"Unknown option in a store's address: {', '.join(strange)}; expected endpoint or region.",
            name="wrong-setting",
        )
    prefix = checked_prefix(unquote(parts.path).strip("/"))
    return S3Address(parts.netloc, prefix, options.get("endpoint"), options.get("region", "us-east-1"))


class S3Store:
    def __init__(
        self, address: S3Address, *, access_key: str | None, secret_key: str | None, release: bool = False
    ) -> None:
        self.release = release
        self.address = address
        self.bucket = address.bucket
        # A session of its own: boto3's shared one is not safe between threads while it makes clients.
        self.client: S3Client = boto3.session.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_CONFIG,
        )

    def describe(self) -> str:
        host = urlsplit(self.address.endpoint or "").netloc.rpartition("@")[2] or "AWS"
        return "/".join(filter(None, ("S3", host, self.bucket, self.address.prefix)))

    def create(self) -> None:
        with s3_faults(self.describe(), self.bucket):
            if self.bucket not in (each["Name"] for each in self.client.list_buckets()["Buckets"]):
                self.client.create_bucket(Bucket=self.bucket)

    def put(self, key: str, source: Source, *, if_absent: bool = False) -> None:
        name = self._name(checked_key(key))
        # Where the server overwrites all the same, looking first is the second-best guard.
        if if_absent and not self._facts.refuses_to_replace and self.stat(key):
            raise AlreadyThere(key)
        with s3_faults(self.describe(), key):
            sent = s3_put.send(self.client, self.bucket, name, source, if_absent=if_absent, facts=self._facts)
        if sent.kept or not self._facts.checks_sha256:
            self._read_back(key, sent)

    def put_tree(self, prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        *before, (last, commit) = entries
        # Looked at first: else a finished tree would be written over before the commit point says no.
        if self.stat(f"{prefix}/{last}"):
            raise AlreadyThere(prefix)
        for name, source in before:
            self.put(f"{prefix}/{name}", source)
        self.put(f"{prefix}/{last}", commit, if_absent=True)

    @contextmanager
    def open(self, key: str, *, fresh: bool = False) -> Iterator[BinaryIO]:
        with s3_faults(self.describe(), key):
            answer = self.client.get_object(Bucket=self.bucket, Key=self._name(checked_key(key)))
        with io.BufferedReader(_Body(answer["Body"], self.describe()), CHUNK) as stream:
            yield cast(BinaryIO, stream)

    def stat(self, key: str) -> ObjectInfo | None:
        try:
            with s3_faults(self.describe(), key):
                head = self.client.head_object(Bucket=self.bucket, Key=self._name(checked_key(key)))
        except ObjectMissing:
            return None
        return ObjectInfo(key, head["ContentLength"])

    def keeps_sha256(self, key: str, sha256: str) -> bool | None:
        try:
            if not self._facts.keeps_sha256:
                return None
        except StoreAway:  # full, or no writing: it cannot be probed now, and can be read all the same
            return None
        with s3_faults(self.describe(), key):
            return s3_probe.keeps_sha256(self.client, self.bucket, self._name(checked_key(key)), sha256)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        if prefix and (one := self.stat(prefix)):
            yield one
            return
        cut = len(self._name(""))
        with s3_faults(self.describe(), prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._below(prefix)
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"][cut:]
                    if not key.startswith(DEPOSIT + "/"):
                        yield ObjectInfo(key, found["Size"], is_key(key))

    def folders(self, prefix: str = "") -> Iterator[str]:
        start = self._below(prefix)
        with s3_faults(self.describe(), prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        for name in sorted(each[len(start) : -1] for each in found):
            if name and (prefix or name != DEPOSIT):
                yield name

    def delete(self, key: str) -> None:
        with s3_faults(self.describe(), key):
            self.client.delete_object(Bucket=self.bucket, Key=self._name(checked_key(key)))

    def delete_tree(self, prefix: str) -> None:
        with s3_faults(self.describe(), prefix):
            s3_purge.delete_all(self.client, self.bucket, self._name(checked_key(prefix)), self.describe())

    def purge(self, prefix: str) -> int:
        with s3_faults(self.describe(), prefix):
            name = self._name(checked_key(prefix))
            return s3_purge.purge(self.client, self.bucket, name, self.describe(), release=self.release)

    def retain(self, prefix: str, until: datetime) -> int:
        with s3_faults(self.describe(), prefix):
            return s3_lock.retain(self.client, self.bucket, self._name(checked_key(prefix)), until)

    def locked(self, prefix: str) -> Locked:
        with s3_faults(self.describe(), prefix):
            return s3_lock.locked(self.client, self.bucket, self._name(checked_key(prefix)))

    def sweep(self, older_than: timedelta) -> int:
        with s3_faults(self.describe(), ""):
            limit = datetime.now(UTC) - older_than
            return s3_purge.abort_uploads(self.client, self.bucket, self._below(""), before=limit)

    def probe(self) -> StoreFacts:
        with s3_faults(self.describe(), "probe"):
            name = self._name(f"{DEPOSIT}/probe-")
            return replace(self._facts_now(), lock=s3_probe.look_at_lock(self.client, self.bucket, name))

    @cached_property
    def _facts(self) -> StoreFacts:
        """What writing goes by: seen by every process itself, before its first put."""
        with s3_faults(self.describe(), "probe"):
            return self._facts_now()

    def _facts_now(self) -> StoreFacts:
        return s3_probe.look(self.client, self.bucket, self._name(f"{DEPOSIT}/probe-"))

    def _name(self, key: str) -> str:
        return f"{self.address.prefix}/{key}" if self.address.prefix else key

    def _below(self, prefix: str) -> str:
        return self._name(checked_prefix(prefix) + "/") if prefix else self._name("")

    def _read_back(self, key: str, sent: Sent) -> None:
        digest = hashlib.sha256()
        with self.open(key) as stream:
            while block := stream.read(CHUNK):
                digest.update(block)
        if digest.hexdigest() != sent.sha256:
            raise StoreAway(self.describe(), f"{key} was read back changed")


class _Body(io.RawIOBase):
    """A body on its way; a connection that breaks is `StoreAway`, never a short file."""

    def __init__(self, body: BinaryIO | object, where: str) -> None:
        self._body = cast(BinaryIO, body)
        self._where = where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with s3_faults(self._where, "read"):
            block = self._body.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._body.close()
        super().close()
