"""The indices of one archive in a cluster, and the aliases that name them: what `generations.py` is for folders.

    archive                 the alias that is asked and written to
    archive-rebuild-<hex>   the alias of a rebuild under way
    archive-g-<hex>         an index

An index that no alias names is left over from a crash.
"""

from __future__ import annotations

import re
import time
import uuid
from contextlib import suppress

from elasticsearch import ApiError, Elasticsearch

from search.elastic_query import MAPPINGS, SETTINGS
from search.index import IndexAway

EXPUNGING_SECONDS = 60
"""How long a busy node may take to leave out what was deleted."""


class Indices:
    def __init__(self, client: Elasticsearch, alias: str, patience: float = 60.0) -> None:
        """`patience`: seconds that another process may need to swap an index."""
        self._client, self.live, self._patience = client, alias, patience

    def create(self, alias: str) -> None:
        self._client.indices.create(
            index=self._new(), settings=SETTINGS, mappings=MAPPINGS, aliases={alias: {}}
        )

    def exists(self, alias: str) -> bool:
        return bool(self._client.indices.exists_alias(name=alias))

    def behind(self, alias: str) -> str:
        """The index that the alias names. Raises `NotFoundError`."""
        return str(next(iter(self._client.indices.get_alias(name=alias))))

    def new_rebuild(self) -> str:
        return f"{self.live}-rebuild-{uuid.uuid4().hex}"

    def rebuilds(self) -> list[str]:
        ours = re.compile(re.escape(self.live) + "-rebuild-[0-9a-f]{32}")
        return sorted(alias for aliases in self._all().values() for alias in aliases if ours.fullmatch(alias))

    def sweep(self, *kept: str) -> None:
        """Deletes every index of ours that none of these aliases names."""
        for name, aliases in self._all().items():
            if not set(kept) & set(aliases):
                self._client.indices.delete(index=name)

    def replace(self, alias: str, name: str) -> None:
        """The alias names `name` from now on, and the index that it named is deleted, in one step."""
        old = self.behind(alias)
        others = set(self._all()[name]) - {alias}
        self._client.indices.update_aliases(
            actions=[
                {"remove_index": {"index": old}},
                {"add": {"index": name, "alias": alias}},
                *({"remove": {"index": name, "alias": other}} for other in others),
            ]
        )

    def close_to_writers(self, alias: str) -> str:
        """No write is under way in the index when this returns its name."""
        name = self.behind(alias)
        self._client.indices.add_block(index=name, block="write")
        return name

    def open_to_writers(self, alias: str) -> None:
        """If it was closed: waits for the one who is swapping it; who takes longer than that has died."""
        until = time.monotonic() + self._patience
        while self._closed(name := self.behind(alias)) and time.monotonic() < until:
            time.sleep(0.2)
        self.reopen(name)

    def reopen(self, name: str) -> None:
        self._client.indices.put_settings(index=name, settings={"index.blocks.write": None})

    def swap_without_deleted(self, alias: str, closed: str) -> None:
        """Replaces a closed index by a clone that holds no deleted document in any file.

        A clone, because an index keeps what was deleted for its copies until they agree every 30 s; a clone has no
        such past (measured: 1.5 s instead of 20 to 30). Its files are links until they are merged.
        """
        name = self._new()
        self._client.indices.clone(index=closed, target=name, settings={"index.blocks.write": None})
        try:
            self._expunge(name)
            self.replace(alias, name)
        except BaseException:
            with suppress(ApiError):
                self._client.indices.delete(index=name)
            raise

    def _expunge(self, name: str) -> None:
        until = time.monotonic() + EXPUNGING_SECONDS
        while time.monotonic() < until:
            self._client.indices.flush(index=name, force=True, wait_if_ongoing=True)
            self._client.indices.forcemerge(index=name, only_expunge_deletes=True)
            total = self._client.indices.stats(index=name, metric="docs")["_all"]["total"]
            if total["docs"]["deleted"] == 0:
                return
            time.sleep(0.5)
        raise IndexAway

    def _closed(self, name: str) -> bool:
        held = self._client.indices.get_settings(index=name, flat_settings=True)[name]["settings"]
        return bool(held.get("index.blocks.write") == "true")

    def _new(self) -> str:
        return f"{self.live}-g-{uuid.uuid4().hex}"

    def _all(self) -> dict[str, list[str]]:
        """Index → its aliases."""
        ours = re.compile(re.escape(self.live) + "-g-[0-9a-f]{32}")
        found = self._client.indices.get_alias(index=f"{self.live}-g-*").body
        return {name: list(each["aliases"]) for name, each in found.items() if ours.fullmatch(name)}
