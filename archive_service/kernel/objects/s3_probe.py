"""What an S3 server really does. Each claim is tried on keys of its own, which are removed again where we may."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError

from archive_service.kernel.objects.port import Lock, StoreFacts, StoreProblem
from archive_service.kernel.objects.s3_faults import status_of
from archive_service.kernel.objects.s3_parts import base64_of, complete, put_part
from archive_service.kernel.objects.s3_purge import purge
from archive_service.kernel.objects.s3_put import keeps_versions, put_one

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

LOCKED_FOR = timedelta(minutes=2)
"""Long enough for clocks that differ; what we may not remove by bypass is gone with the next probe after that."""


def look(client: S3Client, bucket: str, prefix: str) -> StoreFacts:
    """Tries what servers are known to ignore silently. A key of its own: two probes at once do not deceive each other."""
    name = f"{prefix}{uuid4().hex}"
    try:
        client.put_object(Bucket=bucket, Key=name, Body=b"probe", ChecksumSHA256=base64_of(b"probe"))
        keeps = bool(keeps_sha256(client, bucket, name, hashlib.sha256(b"probe").hexdigest()))
        refuses = not _accepts(lambda: put_one(client, bucket, name, b"probe", if_absent=True))
        refuses_wrong = not _accepts(
            lambda: client.put_object(
                Bucket=bucket, Key=name, Body=b"probe", ChecksumSHA256=base64_of(b"other")
            )
        )
        large, part_wrong = _look_at_parts(client, bucket, name)
        versions = keeps_versions(client, bucket)
        return StoreFacts(refuses, large, refuses_wrong and part_wrong, versions, keeps_sha256=keeps)
    finally:
        with suppress(ClientError, StoreProblem, OSError):
            purge(client, bucket, name, bucket)


def keeps_sha256(client: S3Client, bucket: str, name: str, sha256: str) -> bool | None:
    """As `ObjectStore.keeps_sha256`. Of a file sent in parts S3 keeps a digest of their digests, marked by "-"."""
    kept = client.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED").get("ChecksumSHA256", "")
    return None if "-" in kept else kept == base64.b64encode(bytes.fromhex(sha256)).decode()


def _look_at_parts(client: S3Client, bucket: str, name: str) -> tuple[bool, bool]:
    """(an existing key is not replaced by parts, a part with a wrong checksum is refused, also on completing)."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=name, ChecksumAlgorithm="SHA256")["UploadId"]
    try:
        refuses_wrong = not _accepts(
            lambda: client.upload_part(
                Bucket=bucket, Key=name, UploadId=upload, PartNumber=1, Body=b"probe",
                ChecksumSHA256=base64_of(b"other"),
            )
        )  # fmt: skip
        part = put_part(client, bucket, name, upload, 1, b"probe")
        refuses = not _accepts(lambda: complete(client, bucket, name, upload, [part], if_absent=True))
        # Else a part that another writer sent into the same upload could become part of our object.
        wrong: CompletedPartTypeDef = {**part, "ChecksumSHA256": base64_of(b"other")}
        refuses_wrong &= not _accepts(
            lambda: complete(client, bucket, name, upload, [wrong], if_absent=False)
        )
    finally:
        with suppress(ClientError):
            client.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    return refuses, refuses_wrong


def look_at_lock(client: S3Client, bucket: str, prefix: str) -> Lock:
    """Locks two probes, one sent in parts, tries to delete and to unlock each, and looks whether it is still there."""
    found: list[Lock] = []
    for put in (_locked_whole, _locked_in_parts):
        name = f"{prefix}lock-{uuid4().hex}"
        version = ""
        try:
            version = put(client, bucket, name, datetime.now(UTC) + LOCKED_FOR)
            found.append("holds" if version and _held(client, bucket, name, version) else "ignored")
        except ClientError as error:
            if status_of(error) >= 500:
                raise
            return "none"  # no lock in this bucket or server, or our keys may not lock
        finally:  # also of a put that was refused: versitygw stores the bytes and then says no
            with suppress(ClientError):
                client.delete_object(
                    Bucket=bucket, Key=name, VersionId=version or "null", BypassGovernanceRetention=True
                )
    return "holds" if set(found) == {"holds"} else "ignored"


def _locked_whole(client: S3Client, bucket: str, name: str, until: datetime) -> str:
    answer = client.put_object(
        Bucket=bucket, Key=name, Body=b"probe", ChecksumSHA256=base64_of(b"probe"),
        ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until,
    )  # fmt: skip
    return answer.get("VersionId", "")


def _locked_in_parts(client: S3Client, bucket: str, name: str, until: datetime) -> str:
    upload = client.create_multipart_upload(
        Bucket=bucket, Key=name, ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until,
    )["UploadId"]  # fmt: skip
    part = put_part(client, bucket, name, upload, 1, b"probe")
    answer = client.complete_multipart_upload(
        Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": [part]}
    )
    return answer.get("VersionId", "")


def _held(client: S3Client, bucket: str, name: str, version: str) -> bool:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": soon}
    if _goes(lambda: client.put_object_retention(
        Bucket=bucket, Key=name, VersionId=version, Retention=shorter  # type: ignore[arg-type]
    )):  # fmt: skip
        return False
    _goes(lambda: client.delete_object(Bucket=bucket, Key=name, VersionId=version))
    return _goes(lambda: client.head_object(Bucket=bucket, Key=name, VersionId=version))


def _goes(request: Callable[[], object]) -> bool:
    """Whether the server did it; a refusal of any kind (a lock is told as 403 by most) is a no."""
    try:
        request()
    except ClientError as error:
        if status_of(error) >= 500:
            raise
        return False
    return True


def _accepts(request: Callable[[], object]) -> bool:
    """As `_goes`; a request that our keys may not make says nothing of the server, and goes up."""
    try:
        request()
    except ClientError as error:
        if not 400 <= status_of(error) < 500 or status_of(error) in (401, 403):
            raise
        return False
    return True
