"""The demo's archive: the embedded default below one folder, its invented people with their roles, and a clock that moves.

Nothing of `archive.toml` or the environment reaches it, except what is asked for here: a demo must never meet real data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from archive_service.accounts.people import enter_person, enter_token, give_role_at_start
from archive_service.accounts.signin import set_password
from archive_service.demo.people import DemoAgency, DemoPerson, make_passwords, organisation
from archive_service.demo.seals import Seals
from archive_service.initialise import initialise
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.people import Person, actor_of
from archive_service.kernel.permissions import Role
from archive_service.kernel.settings import Root, Settings
from archive_service.work import Archive, Work

DAYS_BACK = 45
FIXITY_DAYS = 7
"""Short, so that the audit finds the copies due within the demo's weeks."""


@dataclass(slots=True)
class Stage:
    """The archive and who acts in it. `tokens`: of the people who submit, by user name."""

    archive: Archive
    clock: MovableClock
    seals: Seals
    passwords: dict[str, str]
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        """That person at a browser, the password just given."""
        with self.archive.look(THE_ARCHIVE) as work:
            person = work.session.get_one(Person, self.people[username])
            return replace(actor_of(work.session, person, "web", work.now()), password_now=True)

    def days_later(self, days: int) -> None:
        self.clock.advance(days=days)


def settings_of(folder: Path) -> Settings:
    first, second = ((folder / "storage" / number).as_uri() for number in "12")
    return Settings(
        data=folder,
        name=organisation().archive_name,
        agency=organisation().agency("noi-vu").name,
        repairs_a_day=0,  # the demo shows a person who repairs
        support_line="Tổ vận hành kho lưu trữ, máy lẻ 115, hotro@luutru.truonglam.example",
        database=f"sqlite:///{folder / 'archive.db'}",
        staging=(folder / "staging").as_uri(),
        storage=[
            Root(id="kho-chinh", name="Kho chính", url=first, failure_domain="Phòng máy A", role="primary"),
            Root(id="ban-sao", name="Bản sao 2", url=second, failure_domain="Trung tâm dự phòng"),
        ],
        search="embedded",
        queue="in-process",
        malware="none",
        watch=None,
        trust=[folder / "trust.pem"],
        required_copies=2,
        workers=2,
        fixity_days=FIXITY_DAYS,
        secure_cookies=False,
        demo=True,
    )


def set_stage(folder: Path, seals: Seals) -> Stage:
    """A new archive whose clock stands `DAYS_BACK` days ago, with everybody entered."""
    (folder / "trust.pem").write_bytes(seals.root)
    clock = MovableClock(datetime.now(UTC) - timedelta(days=DAYS_BACK))
    return enter_everybody(Stage(Archive(settings_of(folder), clock), clock, seals, make_passwords()))


def enter_everybody(stage: Stage) -> Stage:
    """Sets the archive up, with the invented agencies and people."""
    initialise(stage.archive)
    with stage.archive.work(THE_ARCHIVE) as work:
        places: dict[str, tuple[UUID | None, UUID | None]] = {"": (None, None)}
        for agency in organisation().agencies:
            _enter_agency(work, agency, places)
        for person in organisation().people:
            _enter_person(work, stage, person, places)
    return stage


def _enter_agency(work: Work, given: DemoAgency, places: dict[str, tuple[UUID | None, UUID | None]]) -> None:
    """Adds to `places`: the agency's key → its fonds, "agency/UNIT" → the unit."""
    agency = Agency(identifier=given.identifier, name=given.name, created_at=work.now())
    work.session.add(agency)
    work.session.flush()
    fonds = Fonds(
        agency_id=agency.id,
        organ_id=given.identifier,
        name=given.fonds_name,
        tags={"FondHistory": given.history},
    )
    work.session.add(fonds)
    work.session.flush()
    places[given.key] = (None, fonds.id)
    for each in given.units:
        parent, _ = places[f"{given.key}/{each.parent}"] if each.parent else (None, None)
        unit = Unit(agency_id=agency.id, code=each.code, name=each.name, parent_id=parent)
        work.session.add(unit)
        work.session.flush()
        places[f"{given.key}/{each.code}"] = (unit.id, None)


def _enter_person(
    work: Work, stage: Stage, given: DemoPerson, places: dict[str, tuple[UUID | None, UUID | None]]
) -> None:
    unit_id, _ = places[given.unit]
    person = enter_person(work, given.username, given.name, unit_id=unit_id)
    set_password(work, person.id, stage.passwords[given.username])
    for role in given.roles:
        for over in given.over or ("",):
            unit, fonds = places[over]
            give_role_at_start(work, person, role, unit_id=unit, fonds_id=fonds)
    stage.people[given.username] = person.id
    if Role.producer in given.roles:
        stage.tokens[given.username] = enter_token(work, person.id, "Trình diễn")


def sender_of(agency: DemoAgency) -> str:
    """The user name of whoever submits for the agency."""
    return next(p.username for p in organisation().who(Role.producer) if agency.key in p.over)
