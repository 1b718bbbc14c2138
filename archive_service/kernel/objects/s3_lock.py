"""Governance locks on every version below a name: set, prolonged, never shortened, and told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from archive_service.kernel.objects.port import Locked
from archive_service.kernel.objects.s3_faults import status_of
from archive_service.kernel.objects.s3_purge import covers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def retain(client: S3Client, bucket: str, name: str, until: datetime) -> int:
    """Each version is locked until then at least; returns how many there are."""
    until = until.replace(microsecond=0) + timedelta(seconds=until.microsecond > 0)  # servers cut to seconds
    count = 0
    for key, version in _contents(client, bucket, name):
        now = _until(client, bucket, key, version)
        if now is None or now < until:
            client.put_object_retention(
                Bucket=bucket, Key=key, VersionId=version,
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            )  # fmt: skip
        count += 1
    return count


def locked(client: S3Client, bucket: str, name: str) -> Locked:
    dates = [_until(client, bucket, key, version) for key, version in _contents(client, bucket, name)]
    held = [each for each in dates if each is not None and each > datetime.now(UTC)]
    return Locked(len(held), max(held, default=None))


def _contents(client: S3Client, bucket: str, name: str) -> Iterator[tuple[str, str]]:
    """Versions with bytes; a delete marker cannot be locked."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=name):
        for version in page.get("Versions", ()):
            if covers(name, version["Key"]):
                yield version["Key"], version["VersionId"]


def _until(client: S3Client, bucket: str, key: str, version: str) -> datetime | None:
    try:
        found = client.get_object_retention(Bucket=bucket, Key=key, VersionId=version)["Retention"]
    except ClientError as error:
        # Not locked yet is told as 404 (AWS) or 400 by servers; so is a bucket that knows no lock.
        if status_of(error) in (400, 404):
            return None
        raise
    return found.get("RetainUntilDate")
