"""Sending bytes to S3, whole or not at all: a small file in one request, a large one in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from archive_service.kernel.objects.disk import reading
from archive_service.kernel.objects.port import AlreadyThere, Source, StoreFacts
from archive_service.kernel.objects.s3_faults import broke_off, status_of
from archive_service.kernel.objects.s3_parts import (
    Sent,
    base64_of,
    complete,
    open_upload,
    part_size,
    regroup,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def send(
    client: S3Client, bucket: str, name: str, source: Source, *, if_absent: bool, facts: StoreFacts
) -> Sent:
    """Puts `source` whole or not at all; raises botocore's exceptions and `AlreadyThere`.

    An upload is kept for the next put of the key where the store fell away or this process is killed; it is aborted
    where the source breaks or the store says no: the same bytes would not come again, or not be wanted.
    """
    size = part_size(source)
    with reading(source) as blocks:
        parts = regroup(blocks, size)
        first = [next(parts, b"")]
        if len(first[0]) < size:
            put_one(client, bucket, name, first[0], if_absent=if_absent)
            return Sent(hashlib.sha256(first[0]).hexdigest(), len(first[0]))
        upload = open_upload(client, bucket, name)
        try:
            sent, done = upload.send(_all(first, parts), size)
            if if_absent and not facts.refuses_to_replace_large and _exists(client, bucket, name):
                raise AlreadyThere(name)
            complete(client, bucket, name, upload.id, done, if_absent=if_absent)
        except BaseException as error:
            if not broke_off(error):
                upload.abort()
            raise
    return sent


def _all(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first.pop()  # held by nobody here: it is 8 MiB
    yield from rest


def put_one(client: S3Client, bucket: str, name: str, body: bytes, *, if_absent: bool) -> None:
    if if_absent:
        client.put_object(Bucket=bucket, Key=name, Body=body, ChecksumSHA256=base64_of(body), IfNoneMatch="*")
    else:
        client.put_object(Bucket=bucket, Key=name, Body=body, ChecksumSHA256=base64_of(body))


def keeps_versions(client: S3Client, bucket: str) -> bool:
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status"))
    except ClientError as error:
        # Not told, or no such thing in this server: a purge that looks for versions is never wrong.
        if status_of(error) >= 500:
            raise
        return True


def _exists(client: S3Client, bucket: str, name: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=name)
    except ClientError as error:
        if status_of(error) == 404:
            return False
        raise
    return True
