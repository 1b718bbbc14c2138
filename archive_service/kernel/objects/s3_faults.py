"""What a server's refusals and a broken connection mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from urllib3.exceptions import HTTPError

from archive_service.kernel.objects.port import AlreadyThere, BadKey, ObjectMissing, StoreAway, StoreFull

_FULL = {"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull"}
# Access refused is a setting of ours or the service's own state, not the caller's mistake.
_AWAY = {401, 403, 408, 429}
# An upload that was aborted under our hands, a write that met another one, bytes hurt on their way: try again.
_AGAIN = {
    "NoSuchBucket",
    "NoSuchUpload",
    "ConditionalRequestConflict",
    "OperationAborted",
    "BadDigest",
    "InvalidPart",
}

# A server that keeps keys as paths, where a key would be a folder and a file at once.
_NO_KEY = {"ObjectParentIsFile", "ExistingObjectIsDirectory"}


@contextmanager
def s3_faults(where: str, key: str) -> Iterator[None]:
    """Turns boto3's exceptions into the port's; a request that we made wrongly passes through as what it is."""
    try:
        yield
    except ClientError as error:
        raise _meaning(error, where, key) from error
    except ParamValidationError:
        raise
    except (BotoCoreError, HTTPClientError, HTTPError) as error:
        raise StoreAway(where, type(error).__name__) from error


def broke_off(error: BaseException) -> bool:
    """The store fell away in the middle. Not so when it, or the source, said no, nor when it is full."""
    if isinstance(error, ClientError):
        failed = status_of(error) >= 500 or status_of(error) in _AWAY
        return failed and not isinstance(_meaning(error, "", ""), StoreFull)
    return isinstance(error, (StoreAway, BotoCoreError, HTTPClientError, HTTPError))


def status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _meaning(error: ClientError, where: str, key: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    status = status_of(error)
    if status == 412:
        return AlreadyThere(key)
    if status == 507 or code in _FULL:
        return StoreFull(where, code)
    if code in _NO_KEY:
        return BadKey(f"{key!r}: {code}")
    if code in _AGAIN:
        return StoreAway(where, code)
    if status == 404:
        return ObjectMissing(key)
    if status >= 500 or status in _AWAY:
        return StoreAway(where, f"{status} {code}")
    return error
