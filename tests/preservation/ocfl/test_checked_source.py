"""A source is opened when it is read, compared at its end, and let go there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from preservation.ocfl.checked_source import CheckedSource, ContentChanged
from preservation.ocfl.plan import NewFile, file_of

GOOD = file_of(b"abc")


def test_it_is_opened_once_when_read_and_closed_at_its_end() -> None:
    seen: list[str] = []

    @contextmanager
    def source() -> Iterator[BinaryIO]:
        seen.append("opened")
        yield io.BytesIO(b"abc")
        seen.append("closed")

    checked = CheckedSource(NewFile(source, GOOD.digests))
    assert seen == []
    assert checked.read(2) + checked.read() == b"abc" and seen == ["opened"]
    assert [checked.read(), checked.read()] == [b"", b""]  # past the end nothing is opened again
    assert seen == ["opened", "closed"]


def test_other_bytes_are_refused_at_their_end() -> None:
    checked = CheckedSource(NewFile(b"abd", GOOD.digests))
    assert checked.read() == b"abd"
    with pytest.raises(ContentChanged):
        checked.read()


def test_closed_before_its_end_it_lets_its_file_go() -> None:
    stream = io.BytesIO(b"abc")

    @contextmanager
    def source() -> Iterator[BinaryIO]:
        with stream:
            yield stream

    with CheckedSource(NewFile(source, GOOD.digests)) as checked:
        checked.read(1)
    assert stream.closed
