"""What a rebuild found, brought back and could not bring back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive_service.kernel.log import LogFault

Progress = Callable[[str, int, int], None]
"""Hears the step, how much of it is done, and of how much: 0 where nobody can say yet."""


@dataclass(slots=True)
class RebuildReport:
    """`unreadable`: objects or files that no root gives; `conflicts`: objects whose roots disagree.

    `lost_anchors`: numbers of anchors beyond the last entry found: what was sealed after it is lost with the database.
    `kept`: where the old SQLite file lies now. `database`: the URL of the new one.
    """

    database: str = ""
    kept: Path | None = None
    dossiers: int = 0
    log_entries: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    log_faults: list[LogFault] = field(default_factory=list)
    lost_anchors: list[int] = field(default_factory=list)
    without_password: int = 0
    carried: dict[str, int] = field(default_factory=dict)
    """Of what storage cannot give, the rows that came from a restored backup."""

    @property
    def whole(self) -> bool:
        return not (self.unreadable or self.conflicts or self.log_faults or self.lost_anchors or self.nobody)

    @property
    def nobody(self) -> bool:
        """No account came back: nobody can sign in, and only a backup of the database helps."""
        return not self.rows.get("person")

    def miss(self, what: str) -> None:
        """Notes what no root gives; it may be met once in each root."""
        if what not in self.unreadable:
            self.unreadable.append(what)
