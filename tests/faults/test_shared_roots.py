"""Two archives that mean the same root: the second is told whose it is, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import Root
from preservation.roots import markers as roots
from preservation.roots.markers import Marker, read_marker, write_marker
from tests.archives import House, make_archive


def roots_at(folder: Path, shared: Path) -> list[Root]:
    own = Root(id="kho-chinh", url=(folder / "1").as_uri(), failure_domain="1", role="primary")
    return [own, Root(id="ban-sao", url=shared.as_uri(), failure_domain="2")]


def test_an_archive_set_up_on_the_root_of_another_is_refused_and_writes_nothing(
    house: House, tmp_path: Path
) -> None:
    shared = tmp_path / "var/storage/2"
    before = {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()}
    with pytest.raises(NotPossible) as refused:
        make_archive(tmp_path / "other", storage=roots_at(tmp_path / "other", shared))
    assert refused.value.name == "foreign-root" and "ban-sao" in refused.value.en
    assert {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()} == before


def test_of_two_archives_that_begin_at_once_one_has_the_root(tmp_path: Path) -> None:
    """The other one's marker appears after we looked and before we write ours."""
    theirs = Marker("0" * 36, "ban-sao", "1" * 36, "2026-01-01T00:00:00+00:00")
    init = roots.init_root

    def raced(store: roots.ObjectStore) -> None:
        init(store)
        if str(tmp_path / "shared") in store.describe():
            write_marker(store, theirs)

    with patch.object(roots, "init_root", raced), pytest.raises(NotPossible) as refused:
        archive = make_archive(tmp_path, storage=roots_at(tmp_path, tmp_path / "shared"))
        archive.close()
    assert refused.value.name == "foreign-root"
    store = roots_store(tmp_path / "shared")
    assert read_marker(store) == theirs


def roots_store(folder: Path) -> roots.ObjectStore:
    from archive_service.kernel.objects import open_store

    return open_store(folder.as_uri())
