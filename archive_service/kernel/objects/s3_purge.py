"""Removing from S3 so that nothing is left: versions, delete markers, parts of unfinished uploads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from archive_service.kernel.objects.port import StillThere
from archive_service.kernel.objects.s3_put import keeps_versions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteTypeDef, ObjectIdentifierTypeDef

_BATCH = 1_000  # the most that one DeleteObjects takes


def delete_all(client: S3Client, bucket: str, name: str, where: str) -> int:
    """Deletes the key `name` and all below it; raises `StillThere` with what the server refused to delete."""
    return _delete(client, bucket, ({"Key": key} for key in _keys(client, bucket, name)), where)


def purge(client: S3Client, bucket: str, name: str, where: str, *, release: bool = False) -> int:
    """As `delete_all`, with versions and unfinished uploads, and looks again at the end. `release`: locked ones too."""
    count = abort_uploads(client, bucket, name)
    if keeps_versions(client, bucket):
        count += _delete(client, bucket, versions(client, bucket, name), where, release=release)
        left = [each["Key"] for each in islice(versions(client, bucket, name), 5)]
    else:
        count += delete_all(client, bucket, name, where)
        left = []
    left += islice(_keys(client, bucket, name), 5)
    if left:
        raise StillThere(where, ", ".join(left))
    return count


def abort_uploads(client: S3Client, bucket: str, name: str, *, before: datetime | None = None) -> int:
    """Ends unfinished uploads at or below `name` (all for "" or a name ending in "/"), begun before `before`."""
    count = 0
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=name):
        for upload in page.get("Uploads", ()):
            if covers(name, upload["Key"]) and (before is None or upload["Initiated"] < before):
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                count += 1
    return count


def _keys(client: S3Client, bucket: str, name: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=name):
        yield from (found["Key"] for found in page.get("Contents", ()) if covers(name, found["Key"]))


def versions(client: S3Client, bucket: str, name: str) -> Iterator[ObjectIdentifierTypeDef]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=name):
        for version in page.get("Versions", ()):
            if covers(name, version["Key"]):
                yield {"Key": version["Key"], "VersionId": version["VersionId"]}
        for marker in page.get("DeleteMarkers", ()):
            if covers(name, marker["Key"]):
                yield {"Key": marker["Key"], "VersionId": marker["VersionId"]}


def _delete(
    client: S3Client,
    bucket: str,
    things: Iterable[ObjectIdentifierTypeDef],
    where: str,
    *,
    release: bool = False,
) -> int:
    count = 0
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        wanted: DeleteTypeDef = {"Objects": batch, "Quiet": True}
        answer = (
            client.delete_objects(Bucket=bucket, Delete=wanted, BypassGovernanceRetention=True)
            if release
            else client.delete_objects(Bucket=bucket, Delete=wanted)
        )
        # The answer is 200 even where single keys were refused, under a lock for one.
        if refused := answer.get("Errors"):
            told = ", ".join(f"{each.get('Key')} ({each.get('Code')})" for each in refused[:5])
            raise StillThere(where, told)
        count += len(batch)
    return count


def covers(name: str, key: str) -> bool:
    """Is `key` the name itself or below it? "a/bc" is not below "a/b"."""
    return not name or name.endswith("/") or key == name or key.startswith(name + "/")
