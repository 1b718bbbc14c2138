"""Sending bytes to S3: in parts, each with its SHA-256, memory flat."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from archive_service.kernel.objects.disk import reading
from archive_service.kernel.objects.port import AlreadyThere, Source, StoreFacts
from archive_service.kernel.objects.s3_faults import status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 << 20
"""Bytes of a part: a stream of unknown length may have 10,000 of them, 78 GiB. About four parts are in memory."""
_MOST_PARTS = 9_000
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    sha256: str
    size: int


def send(
    client: S3Client, bucket: str, name: str, source: Source, *, if_absent: bool, facts: StoreFacts
) -> Sent:
    """Puts `source` whole or not at all; raises botocore's exceptions and `AlreadyThere`."""
    size = part_size(source)
    whole = hashlib.sha256()
    count = 0
    with reading(source) as blocks:
        parts = regroup(blocks, size)
        first = next(parts, b"")
        if len(first) < size:
            put_one(client, bucket, name, first, if_absent=if_absent)
            return Sent(hashlib.sha256(first).hexdigest(), len(first))
        upload = client.create_multipart_upload(Bucket=bucket, Key=name, ChecksumAlgorithm="SHA256")[
            "UploadId"
        ]
        try:
            done: list[CompletedPartTypeDef] = []
            for part in _chain(first, parts):
                whole.update(part)
                count += len(part)
                done.append(put_part(client, bucket, name, upload, len(done) + 1, part))
            if if_absent and not facts.refuses_to_replace_large and _exists(client, bucket, name):
                raise AlreadyThere(name)
            complete(client, bucket, name, upload, done, if_absent=if_absent)
        except BaseException:
            # Unfinished parts cost space that no listing shows.
            with suppress(ClientError, BotoCoreError):
                client.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
            raise
    return Sent(whole.hexdigest(), count)


def part_size(source: Source) -> int:
    """`PART`, or larger for a file that would need too many."""
    if not isinstance(source, Path):
        return PART
    needed = -(-source.stat().st_size // _MOST_PARTS)
    return max(PART, -(-needed // _MIB) * _MIB)


def regroup(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `size`; the last may be shorter.

    >>> list(regroup(iter([b"abc", b"defg"]), 3))
    [b'abc', b'def', b'g']
    """
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def keeps_versions(client: S3Client, bucket: str) -> bool:
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status"))
    except ClientError as error:
        # Not told, or no such thing in this server: a purge that looks for versions is never wrong.
        if status_of(error) >= 500:
            raise
        return True


def put_one(client: S3Client, bucket: str, name: str, body: bytes, *, if_absent: bool) -> None:
    if if_absent:
        client.put_object(Bucket=bucket, Key=name, Body=body, ChecksumSHA256=base64_of(body), IfNoneMatch="*")
    else:
        client.put_object(Bucket=bucket, Key=name, Body=body, ChecksumSHA256=base64_of(body))


def put_part(
    client: S3Client, bucket: str, name: str, upload: str, number: int, body: bytes
) -> CompletedPartTypeDef:
    digest = base64_of(body)
    answer = client.upload_part(
        Bucket=bucket, Key=name, UploadId=upload, PartNumber=number, Body=body, ChecksumSHA256=digest
    )
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": digest}


def complete(
    client: S3Client,
    bucket: str,
    name: str,
    upload: str,
    parts: list[CompletedPartTypeDef],
    *,
    if_absent: bool,
) -> None:
    if if_absent:
        client.complete_multipart_upload(
            Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )
    else:
        client.complete_multipart_upload(
            Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}
        )


def _exists(client: S3Client, bucket: str, name: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=name)
    except ClientError as error:
        if status_of(error) == 404:
            return False
        raise
    return True


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def base64_of(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
