"""Who acts: a value that every transaction carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from archive_service.kernel.permissions import BESIDE_ADMINISTRATOR, GRANTED, Permission, Role

Door = Literal["web", "api", "cli", "job", "test"]


@dataclass(frozen=True, slots=True)
class Granted:
    role: Role
    unit_id: UUID | None = None
    fonds_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or system at a door, with the grants in force now.

    `password_at` is when the password was last given in this browser session; tokens and the command line have none.
    `password_now` is true only inside the request that carries the password itself.
    """

    id: UUID | None
    name: str
    door: Door
    username: str = ""
    unit_id: UUID | None = None
    grants: tuple[Granted, ...] = ()
    password_at: datetime | None = None
    password_now: bool = False
    token_id: UUID | None = None
    machine: frozenset[Permission] = field(default_factory=frozenset)
    """What the archive itself may do without a person: never an act of decision."""

    @property
    def usable(self) -> tuple[Granted, ...]:
        """An administrator reads no content and approves nothing, whatever else was ever granted."""
        if all(grant.role is not Role.administrator for grant in self.grants):
            return self.grants
        return tuple(grant for grant in self.grants if grant.role in BESIDE_ADMINISTRATOR)

    def grants_for(self, permission: Permission) -> Iterator[Granted]:
        return (grant for grant in self.usable if permission in GRANTED[grant.role])

    def may(self, permission: Permission) -> bool:
        return permission in self.machine or any(self.grants_for(permission))

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.usable)

    def with_password(self) -> Actor:
        return replace(self, password_now=True)


P = Permission
#: The archive's own hands: jobs and timetables.
THE_ARCHIVE = Actor(
    id=None,
    name="Kho lưu trữ",
    door="job",
    machine=frozenset({P.see_fixity, P.handle_incidents, P.read_sips, P.submit}),
)
#: Whoever may start commands on the server. What they can do to files they can do anyway; what needs a person they cannot.
OPERATOR = Actor(
    id=None,
    name="Người vận hành",
    door="cli",
    machine=frozenset(
        {P.see_fixity, P.read_log, P.see_jobs, P.see_settings, P.search}
        | {P.read_public, P.read_conditional, P.read_closed}
    ),
)
