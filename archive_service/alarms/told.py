"""What one alarm says, the same to every channel; and a receiver that does not take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archive_service.kernel.errors import TryLater


@dataclass(frozen=True, slots=True)
class Told:
    """No title, no name of a file or person: it leaves the archive. `incident` is empty in a trial."""

    id: str
    event: str
    incident: str
    number: str
    kind: str
    state: str
    root: str
    opened_at: datetime


class ReceiverAway(TryLater):
    """The receiver did not take it: our affair, tried again."""
