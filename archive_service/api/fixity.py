"""`/fixity`: how much was checked, where, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from archive_service.api.doors import Shown, TheLook
from preservation.audits.coverage import RootCoverage, coverage
from preservation.audits.trend import alarm, round_ends
from preservation.models import CopyState

router = APIRouter(tags=["fixity"])


class RunShown(Shown):
    """`stopped`: why the audit of a root ended, "" when it did not."""

    id: UUID
    started_at: datetime
    finished_at: datetime | None
    checked: int
    faults: int
    stopped: str


class RootShown(Shown):
    """A storage root. `checked`: copies verified within the period."""

    id: str
    state: str
    since: datetime
    reason: str
    failure_domain: str
    states: Mapping[CopyState, int]
    checked: int
    oldest: datetime | None


class AlarmShown(Shown):
    """The samples that are known to be bad, over all roots: `alive` when an audit reported every one of them."""

    alive: bool
    known: int
    reported: int
    at: datetime
    trouble: str


class CoverageShown(Shown):
    """`days`: the period within which every copy is to be checked. `open_incidents` stops at 10,001.

    `alarm` is null before the first audit, `round_ends` when nothing is being read.
    """

    days: int
    roots: Sequence[RootShown]
    copies: int
    checked: int
    owed: int
    oldest: datetime | None
    counted_at: datetime | None = None
    """When the figures were counted, where that was not now: in large archives, by the last audit."""
    last_run: RunShown | None
    next_run: datetime | None
    open_incidents: int
    round_ends: datetime | None = None
    alarm: AlarmShown | None = None


@router.get("/fixity")
def fixity(work: TheLook) -> CoverageShown:
    found, heard = coverage(work), alarm(work)
    return CoverageShown(
        days=found.days,
        roots=[_root(each) for each in found.roots],
        copies=found.copies,
        checked=found.checked,
        owed=found.owed,
        oldest=found.oldest,
        counted_at=found.counted_at,
        last_run=RunShown.model_validate(found.last_run) if found.last_run else None,
        next_run=found.next_run,
        open_incidents=found.open_incidents,
        round_ends=round_ends(work, found),
        alarm=AlarmShown.model_validate(heard) if heard else None,
    )


def _root(given: RootCoverage) -> RootShown:
    root = given.root
    return RootShown(
        id=root.id,
        state=root.state,
        since=root.since,
        reason=root.reason,
        failure_domain=root.failure_domain,
        states=given.states,
        checked=given.checked,
        oldest=given.oldest,
    )
