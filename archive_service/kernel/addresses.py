"""Addresses of services as settings give them. Each is checked at start, before anything is written anywhere."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = ("sqlite", "postgresql+psycopg")


def _refused(expected: str) -> ValueError:
    return ValueError(f"expected {expected}")


def _has_host(url: str) -> bool:
    parts = urlsplit(url)
    # Reading the port raises ValueError when it is none.
    return bool(parts.hostname) and parts.port != 0


def service(*schemes: str, alone: str) -> AfterValidator:
    """`alone`, or one of `schemes` with a host, and a port if there is one."""

    def check(url: str) -> str:
        try:
            if url == alone or (urlsplit(url).scheme in schemes and _has_host(url)):
                return url
        except ValueError:
            pass
        raise _refused(" or ".join([alone, *(f"{scheme}://host:port" for scheme in schemes)]))

    return AfterValidator(check)


def _database(url: str) -> str:
    """Empty: the default. One in memory would lose the catalogue with the process."""
    try:
        parts = make_url(url) if url else None
        if parts is None or (parts.drivername in DRIVERS and parts.database not in (None, "", ":memory:")):
            return url
    except (ArgumentError, ValueError):
        pass
    raise _refused("sqlite:///file or postgresql+psycopg://user:password@host/name")


def _store(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return url
    if parts.scheme == "s3" and parts.netloc:
        options = parse_qs(parts.query, keep_blank_values=True)
        endpoints = options.pop("endpoint", [])
        options.pop("region", None)
        if options or not all(_is_web(each) for each in endpoints):
            raise _refused("no other options than endpoint=https://host:port and region=name")
        return url
    raise _refused("file:///folder or s3://bucket/prefix?endpoint=https://host:port")


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and _has_host(url)
    except ValueError:
        return False


Database = Annotated[str, AfterValidator(_database)]
Search = Annotated[str, service("http", "https", alone="embedded")]
Queue = Annotated[str, service("redis", "amqp", alone="in-process")]
Malware = Annotated[str, service("clamd", alone="none")]
Place = Annotated[str, AfterValidator(_store)]
PlaceOrDefault = Annotated[str, AfterValidator(lambda url: _store(url) if url else url)]
