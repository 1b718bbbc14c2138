"""A large file in parts, each with its SHA-256: a few on their way at once, and none sent twice after a crash.

An upload that was cut off stays on the server, unseen by any reader. Whoever puts the same key next goes on with it: the
source is read anew from its first byte, and a part is kept only where size and digest of what was read now agree with
what the server lists: its SHA-256, or where it lists none the ETag, if that is the MD5. MD5 chooses, it proves nothing:
completing names the SHA-256 of every part, and what was resumed is read back whole.
"""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from archive_service.kernel.objects.port import Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

PART = 8 << 20
"""Bytes of a part: a stream of unknown length may have 10,000 of them, 78 GiB."""
IN_FLIGHT = 3 * PART
"""Bytes on their way at once. With the part that is being read and its copy, about five parts are in memory."""
_MOST_PARTS = 9_000
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """`kept`: how many parts an earlier, interrupted put had sent."""

    sha256: str
    size: int
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished upload of the key `name`; `held`: the parts that it had when it was opened."""

    client: S3Client
    bucket: str
    name: str
    id: str
    held: Mapping[int, PartTypeDef]

    def send(self, parts: Iterator[bytes], size: int) -> tuple[Sent, list[CompletedPartTypeDef]]:
        """Sends what is not there yet. Returns, or raises, when no part is on its way any more."""
        at_once = max(1, IN_FLIGHT // size)
        whole, count = hashlib.sha256(), 0
        waiting: deque[Future[tuple[CompletedPartTypeDef, bool]]] = deque()
        done: list[tuple[CompletedPartTypeDef, bool]] = []
        with ThreadPoolExecutor(at_once) as pool:
            for number, part in enumerate(parts, 1):
                waiting.append(pool.submit(self._keep_or_send, number, part))
                whole.update(part)
                count += len(part)
                del part  # else one more is held while the next is read
                if len(waiting) == at_once:
                    done.append(waiting.popleft().result())
            done += [each.result() for each in waiting]
        kept = sum(was_there for _, was_there in done)
        return Sent(whole.hexdigest(), count, kept), [part for part, _ in done]

    def _keep_or_send(self, number: int, body: bytes) -> tuple[CompletedPartTypeDef, bool]:
        digest = base64_of(body)
        held = self.held.get(number)
        if held and _same(held, body, digest):
            return {"PartNumber": number, "ETag": held["ETag"], "ChecksumSHA256": digest}, True
        return put_part(self.client, self.bucket, self.name, self.id, number, body), False

    def abort(self) -> None:
        """Unfinished parts cost space that no listing shows; what cannot be removed now, `sweep` removes."""
        with suppress(ClientError, BotoCoreError):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.name, UploadId=self.id)


def open_upload(client: S3Client, bucket: str, name: str) -> Upload:
    """The newest unfinished upload of exactly this key, or a new one."""
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=name)
    found = [each for page in pages for each in page.get("Uploads", ()) if each["Key"] == name]
    if not found:
        made = client.create_multipart_upload(Bucket=bucket, Key=name, ChecksumAlgorithm="SHA256")
        return Upload(client, bucket, name, made["UploadId"], {})
    upload = max(found, key=lambda each: each["Initiated"])["UploadId"]
    listed = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=name, UploadId=upload)
    held = {part["PartNumber"]: part for page in listed for part in page.get("Parts", ())}
    return Upload(client, bucket, name, upload, held)


def _same(held: PartTypeDef, body: bytes, digest: str) -> bool:
    if held["Size"] != len(body):
        return False
    if listed := held.get("ChecksumSHA256"):
        return listed == digest
    return held["ETag"].strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest()


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


def base64_of(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
