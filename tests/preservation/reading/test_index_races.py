"""A dossier that is closed while it is being indexed stays out of every answer until the index has caught up."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.indexing import hide
from preservation.models import AccessMode, Dossier
from preservation.reading.find import blocked, index_dossier
from search.index import IndexEntry
from tests.archives import House
from tests.preservation.dossiers import keep


def test_closing_while_it_is_indexed_keeps_it_hidden(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key, write = keep(house), house.archive.index.write

    def overtaken(entries: Iterable[IndexEntry]) -> dict[str, int]:
        confirmed = write(list(entries))
        with house.archive.work(THE_ARCHIVE) as work:
            dossier = work.session.get_one(Dossier, key)
            dossier.access, dossier.revision = AccessMode.closed, dossier.revision + 1
            hide(work, dossier)
        return confirmed

    monkeypatch.setattr(house.archive.index, "write", overtaken)
    index_dossier(house.archive, str(key))
    with house.archive.look(THE_ARCHIVE) as work:
        assert str(key) in blocked(work)
