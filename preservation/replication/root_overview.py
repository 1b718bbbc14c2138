"""Each root at a glance: what it holds, what is owed to it and what it still has to erase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from preservation.aips.erase import COPY
from preservation.audits.coverage import coverage
from preservation.models import Copy, CopyState, ErasureReceipt, StorageRoot
from preservation.roots.probes import WORSE
from preservation.watch_models import Incident, IncidentState, RetiredRoot


@dataclass(frozen=True, slots=True)
class RootOverview:
    """`todo`: keys for words, the most urgent first."""

    root: StorageRoot
    objects: int
    owed: int
    erasures: int
    locked: int = 0
    """Copies whose newest version the store keeps from deletion."""

    @property
    def todo(self) -> tuple[str, ...]:
        wanted = {
            self.root.state if self.root.state in ("away", "stopped") else "": True,
            "offline": self.root.state == "offline" and bool(self.owed or self.erasures),
            "not_probed": self.root.probed_at is None,
            "lock_ignored": self.root.facts.get("lock") == "ignored",
            "erasures": self.erasures > 0,
            "owed": self.owed > 0 and self.root.state == "online",
        }
        return tuple(key for key, so in wanted.items() if key and so)


@dataclass(frozen=True, slots=True)
class RetiredOverview:
    """`erasures`: destroyed dossiers whose destruction waits for the medium's."""

    root: RetiredRoot
    erasures: int


@dataclass(frozen=True, slots=True)
class StorageOverview:
    roots: Sequence[RootOverview]
    retired: Sequence[RetiredOverview]
    required: int
    worse: bool
    """A probe found less than an earlier one, and nobody has closed the incident."""

    @property
    def owed(self) -> int:
        return sum(each.owed for each in self.roots)

    @property
    def domains(self) -> int:
        """Places whose root is online and counts: an offline set in a safe does not."""
        online = [e.root for e in self.roots if e.root.state == "online" and e.root.role != "offline"]
        return len({root.failure_domain for root in online})


def storage_overview(work: Work) -> StorageOverview:
    """For those who may see fixity."""
    work.allow(Permission.see_fixity)
    erasing = select(ErasureReceipt.place, func.count()).where(ErasureReceipt.gone_at.is_(None))
    rows = work.session.execute(erasing.group_by(ErasureReceipt.place))
    erasures: dict[str, int] = dict(row._tuple() for row in rows)
    held = select(Copy.root_id, func.count()).where(
        Copy.locked_until > work.now(), Copy.locked_version == Copy.version
    )
    rows = work.session.execute(held.group_by(Copy.root_id))
    locks: dict[str, int] = dict(row._tuple() for row in rows)
    worse = select(Incident.id).where(Incident.state == IncidentState.open, Incident.kind == WORSE).limit(1)
    return StorageOverview(
        roots=[
            RootOverview(
                each.root,
                each.copies,
                each.states.get(CopyState.owed, 0),
                erasures.get(COPY + each.root.id, 0),
                locks.get(each.root.id, 0),
            )
            for each in coverage(work).roots
        ],
        retired=[
            RetiredOverview(each, erasures.get(COPY + each.id, 0))
            for each in work.session.scalars(select(RetiredRoot).order_by(RetiredRoot.retired_at))
        ],
        required=work.settings.required_copies,
        worse=work.session.scalars(worse).first() is not None,
    )
