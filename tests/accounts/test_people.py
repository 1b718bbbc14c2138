"""Accounts and roles: powerful ones take two people and a day; leaving ends everything and hands over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive_service.accounts.actors import token_actor
from archive_service.accounts.people import (
    add_person,
    confirm_grant,
    end_grant,
    enter_person,
    enter_token,
    give_role_at_start,
    lock_person,
    refuse_grant,
    request_grant,
)
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden, NotPossible, PasswordNeeded, SignInNeeded
from archive_service.kernel.people import AccountState, Grant, GrantState, Person
from archive_service.kernel.permissions import BROWSER_ONLY, GRANTED, NEEDS_RECENT_PASSWORD, Permission, Role
from ingest.accept import assign_sip, hand_over_sips
from tests.archives import House, make_house
from tests.sending import another, judged, packed, sip_of

POWERFUL = (Role.head, Role.council_member, Role.executor, Role.officer, Role.records_manager)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


def newcomer(house: House, username: str) -> Person:
    with house.archive.work(house.actor("administrator")) as work:
        return add_person(work, username, "Người Mới")


def asked(house: House, username: str, role: Role) -> Grant:
    person = newcomer(house, username)
    house.people[username] = person
    with house.archive.work(house.actor("administrator")) as work:
        return request_grant(work, person.id, role)


def confirm(house: House, grant: Grant, who: str) -> None:
    with house.archive.work(house.actor(who)) as work:
        confirm_grant(work, grant.id)


@pytest.mark.parametrize("role", POWERFUL)
def test_a_powerful_role_waits_for_a_second_person_and_a_day(house: House, role: Role) -> None:
    grant = asked(house, f"moi-{role.value.replace('_', '-')}", role)
    name = f"moi-{role.value.replace('_', '-')}"
    assert grant.state is GrantState.requested
    assert role not in house.actor(name).roles
    confirm(house, grant, "head")
    assert role not in house.actor(name).roles
    house.clock.advance(hours=24, seconds=1)
    assert role in house.actor(name).roles


def test_who_asked_does_not_confirm(house: House) -> None:
    with pytest.raises(Forbidden, match="asked"):
        confirm(house, asked(house, "tu-xac-nhan", Role.officer), "administrator")


def test_who_gets_it_does_not_confirm(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work:
        grant = request_grant(work, house.people["head"].id, Role.officer)
    with pytest.raises(Forbidden, match="gets"):
        confirm(house, grant, "head")


def test_an_administrator_is_confirmed_by_the_head_alone(house: House) -> None:
    grant = asked(house, "quan-tri-hai", Role.administrator)
    with house.archive.work(THE_ARCHIVE) as work:
        other = enter_person(work, "quan-tri-ba", "Quản trị ba")
        give_role_at_start(work, other, Role.administrator)
    house.people["quan-tri-ba"] = other
    with pytest.raises(Forbidden, match="head"):
        confirm(house, grant, "quan-tri-ba")
    confirm(house, grant, "head")


def test_a_reader_is_granted_at_once(house: House) -> None:
    asked(house, "doc-gia-moi", Role.reader)
    assert Role.reader in house.actor("doc-gia-moi").roles


def test_a_refused_role_is_never_had(house: House) -> None:
    grant = asked(house, "bi-tu-choi", Role.officer)
    with house.archive.work(house.actor("head")) as work:
        refuse_grant(work, grant.id)
    with pytest.raises(Conflict):
        confirm(house, grant, "head")


def test_taking_a_role_away_works_at_once(house: House) -> None:
    grant = asked(house, "mat-quyen", Role.reader)
    with house.archive.work(house.actor("administrator")) as work:
        end_grant(work, grant.id)
    assert house.actor("mat-quyen").roles == frozenset()


@pytest.mark.parametrize("door", ["api", "cli", "job"])
def test_neither_a_token_nor_the_command_line_grants(house: House, door: Any) -> None:
    actor = replace(house.actor("administrator"), door=door)
    with pytest.raises(Forbidden, match="page only"), house.archive.work(actor) as work:
        request_grant(work, house.people["reader"].id, Role.officer)


@pytest.mark.parametrize("permission", sorted(BROWSER_ONLY))
def test_no_act_of_decision_passes_another_door_or_without_the_password(
    house: House, permission: Permission
) -> None:
    role = next(role for role, allowed in GRANTED.items() if permission in allowed)
    person = house.actor(role.value)
    doors: tuple[Any, ...] = ("api", "cli", "job")
    for door in doors:
        with (
            pytest.raises(Forbidden, match="page only"),
            house.archive.work(replace(person, door=door)) as work,
        ):
            work.allow(permission)
    now = house.clock.now()
    given = {"just now": now, "16 minutes ago": now - timedelta(minutes=16)}
    for when, at in given.items():
        recent = replace(person, password_now=False, password_at=at)
        with house.archive.work(recent) as work:
            if when == "just now" and permission in NEEDS_RECENT_PASSWORD:
                work.allow(permission)
            else:
                with pytest.raises(PasswordNeeded):
                    work.allow(permission)


def test_granting_wants_the_password_at_the_act(house: House) -> None:
    recently = replace(house.actor("administrator", password=False), password_at=house.clock.now())
    with pytest.raises(PasswordNeeded), house.archive.work(recently) as work:
        request_grant(work, house.people["reader"].id, Role.officer)


@pytest.mark.parametrize("name", ["A", "có-dấu", "hai tu", "-a", ""])
def test_user_names_are_plain(house: House, name: str) -> None:
    with pytest.raises(NotPossible):
        newcomer(house, name)


def test_one_user_name_is_one_person(house: House) -> None:
    with pytest.raises(Conflict):
        newcomer(house, "reader")


def test_leaving_locks_ends_everything_and_hands_over(house: House, tmp_path: Path) -> None:
    """Tuyên Quang Điều 9.2–9.3: past acts keep the name and the unit."""
    leaving = asked(house, "ra-di", Role.reader).person_id
    with house.archive.work(THE_ARCHIVE) as work:
        token = enter_token(work, leaving, "cũ")
    sip = judged(house, packed(tmp_path, another("71")))
    with house.archive.work(house.actor("officer")) as work:
        assign_sip(work, sip.id, leaving)
    with house.archive.work(house.actor("administrator")) as work:
        lock_person(work, leaving, house.people["officer"].id)
        assert hand_over_sips(work, leaving, house.people["officer"].id) == 1
    with pytest.raises(SignInNeeded):
        token_actor(house.archive, token)
    with house.archive.look(THE_ARCHIVE) as work:
        row = work.session.get_one(Person, leaving)
    assert (row.state, row.name) == (AccountState.locked, "Người Mới")
    assert sip_of(house, sip.id).assigned_to == house.people["officer"].id
    assert house.actor("ra-di").roles == frozenset()


def test_nobody_hands_over_to_a_locked_account_or_to_oneself(house: House) -> None:
    one, locked = newcomer(house, "mot"), newcomer(house, "khoa-roi")
    with house.archive.work(house.actor("administrator")) as work:
        lock_person(work, locked.id, one.id)
    for successor in (one, locked):
        with pytest.raises(NotPossible), house.archive.work(house.actor("administrator")) as work:
            lock_person(work, one.id, successor.id)
