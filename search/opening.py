"""Opens the index that the settings name."""

from __future__ import annotations

from pathlib import Path

from search.embedded import EmbeddedIndex
from search.index import SearchIndex


def open_index(
    url: str, *, folder: Path, name: str = "archive", username: str = "", password: str = ""
) -> SearchIndex:
    """`url`: "embedded" (then `folder` holds the index) or http(s)://host:port (then `name` is its alias there).
    Raises `IndexAway` when it cannot be reached."""
    if url == "embedded":
        return EmbeddedIndex(folder)
    # The client takes 30 MB and 0.3 s to import: an archive with the embedded index never needs it.
    from search.elastic import connect

    return connect(url, name, username, password)
