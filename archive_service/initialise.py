"""`archive init`: keys, database, roots with their markers, the first administrator and the head."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.accounts.people import enter_person, give_role_at_start
from archive_service.accounts.signin import set_password
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import new_id
from archive_service.kernel.events import Verb
from archive_service.kernel.jobs import Timetable
from archive_service.kernel.keys import make_keys
from archive_service.kernel.log import LogHead
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Role
from archive_service.kernel.state import ArchiveState, Gate
from archive_service.migrations import upgrade
from archive_service.work import Archive
from preservation.roots.markers import prepare_roots
from preservation.roots.probes import probe_new_roots
from retention.locks import require_locks

FirstPerson = tuple[str, str, str]
"""User name, name, password."""

#: Kind of job → seconds between two runs.
TIMETABLES = {
    "check_roots": 60,
    "probe_roots": 86_400,
    "sweep_roots": 86_400,
    "anchor_log": 3600,
    "write_system_objects": 900,
    "fixity_run": 86_400,
    "quick_run": 21_600,
    "signatures_run": 86_400,
    "strays_run": 604_800,
    "assess_owed": 300,
    "copies_owed": 300,
    "lock_run": 300,
    "index_owed": 300,
    "sweep_staging": 86_400,
    "watch_incidents": 300,
    "watch_folder": 30,
    "invariants_run": 86_400,
    "backup_run": 86_400,
    "backup_check": 604_800,
    "duties_run": 86_400,
}


def initialise(
    archive: Archive, administrator: FirstPerson | None = None, head: FirstPerson | None = None
) -> bool:
    """Sets the archive up; again on one that is set up it upgrades schema and timetables. Returns whether it was new.

    Interrupted, or refused for a weak password, it goes on where it was: an archive without people is not set up.
    """
    archive.settings.data.mkdir(parents=True, exist_ok=True)
    make_keys(archive.settings.data / "keys")
    upgrade(archive.engine)
    new = _first_rows(archive)
    archive.staging.create()
    if any(root.sealed for root in archive.settings.storage):
        archive.keystore.create()
    prepare_roots(archive)
    probe_new_roots(archive)
    require_locks(archive)
    if administrator and head:
        with archive.work(OPERATOR) as work:
            if work.session.scalars(select(Person.id).limit(1)).first() is not None:
                return new
            new = True
            for (username, name, password), role in ((administrator, Role.administrator), (head, Role.head)):
                person = enter_person(work, username, name)
                set_password(work, person.id, password)
                give_role_at_start(work, person, role)
    return new


def _first_rows(archive: Archive) -> bool:
    with archive.work(OPERATOR) as work:
        now = work.now()
        # A new version may bring timetables that the archive has not heard of.
        there = set(work.session.scalars(select(Timetable.kind)))
        work.session.add_all(
            Timetable(kind=k, every_seconds=s, next_at=now) for k, s in TIMETABLES.items() if k not in there
        )
        if work.session.get(ArchiveState, 1) is not None:
            return False
        state = ArchiveState(archive_id=new_id(), created_at=now)
        work.session.add_all([state, Gate(), LogHead()])
        work.session.flush()
        work.record(Verb.archive_initialised, state, archive_id=state.archive_id)
    return True
