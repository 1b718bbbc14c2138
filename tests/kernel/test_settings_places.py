"""Two places that are one place hold one copy; a settings file that is named must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import load_settings


def roots(first: str, second: str) -> list[dict[str, str]]:
    return [
        {"id": "mot", "url": first, "failure_domain": "1"},
        {"id": "hai", "url": second, "failure_domain": "2"},
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("file:///kho/a", "file:///kho/a"),
        ("file:///kho/a", "file:///kho/b/../a/"),
        ("file:///kho/a", "file:///kho/a/ban-sao"),
        ("s3://kho?endpoint=http://mot:1", "s3://kho/ban-sao?endpoint=http://mot:1"),
    ],
)
def test_two_roots_at_one_place_are_refused(first: str, second: str) -> None:
    with pytest.raises(NotPossible, match="apart from each other"):
        load_settings(storage=roots(first, second))


def test_staging_inside_a_root_is_refused() -> None:
    with pytest.raises(NotPossible, match="apart from each other"):
        load_settings(storage=roots("file:///kho/a", "file:///kho/b"), staging="file:///kho/a/cho")


def test_roots_of_like_names_and_of_other_servers_are_apart() -> None:
    load_settings(storage=roots("file:///kho/a", "file:///kho/a2"))
    load_settings(storage=roots("s3://kho?endpoint=http://mot:1", "s3://kho?endpoint=http://hai:1"))


def test_a_settings_file_that_is_named_and_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARCHIVE_CONFIG", str(tmp_path / "archive.tmol"))
    with pytest.raises(NotPossible, match="ARCHIVE_CONFIG"):
        load_settings()
