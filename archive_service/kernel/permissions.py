"""Roles and what each may do. An administrator runs the system and sees no content."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    producer = "producer"
    officer = "officer"
    reader = "reader"
    auditor = "auditor"
    records_manager = "records_manager"
    council_member = "council_member"
    head = "head"
    executor = "executor"
    administrator = "administrator"


class Permission(StrEnum):
    submit = "submit"
    read_own_sips = "read_own_sips"
    read_sips = "read_sips"
    decide_sips = "decide_sips"
    search = "search"
    read_public = "read_public"
    read_conditional = "read_conditional"
    read_closed = "read_closed"
    see_fixity = "see_fixity"
    handle_incidents = "handle_incidents"
    read_log = "read_log"
    see_retention = "see_retention"
    place_holds = "place_holds"
    lift_holds = "lift_holds"
    propose_destruction = "propose_destruction"
    review_destruction = "review_destruction"
    decide_destruction = "decide_destruction"
    execute_destruction = "execute_destruction"
    stop_destruction = "stop_destruction"
    manage_people = "manage_people"
    confirm_grants = "confirm_grants"
    see_jobs = "see_jobs"
    see_settings = "see_settings"
    release_destruction = "release_destruction"


P = Permission
_ALL_MODES = {P.search, P.read_public, P.read_conditional, P.read_closed}

GRANTED: dict[Role, frozenset[Permission]] = {
    Role.producer: frozenset({P.submit, P.read_own_sips}),
    Role.officer: frozenset({P.read_sips, P.decide_sips, P.see_retention} | _ALL_MODES),
    Role.reader: frozenset({P.search, P.read_public, P.read_conditional}),
    Role.auditor: frozenset({P.see_fixity, P.handle_incidents, P.read_log, P.see_jobs, P.see_settings}),
    Role.records_manager: frozenset(
        {P.see_retention, P.place_holds, P.lift_holds, P.propose_destruction, P.stop_destruction}
        | {P.release_destruction}
        | _ALL_MODES
    ),
    Role.council_member: frozenset({P.see_retention, P.review_destruction, P.stop_destruction} | _ALL_MODES),
    Role.head: frozenset(
        {P.see_retention, P.decide_destruction, P.stop_destruction, P.lift_holds, P.confirm_grants}
        | {P.release_destruction}
        | _ALL_MODES
    ),
    Role.executor: frozenset({P.see_retention, P.execute_destruction, P.stop_destruction}),
    Role.administrator: frozenset({P.manage_people, P.confirm_grants, P.see_jobs, P.see_settings}),
}

#: What an administrator's account may hold besides: no role that reads content, accepts or approves.
BESIDE_ADMINISTRATOR = frozenset({Role.administrator, Role.auditor, Role.producer})

#: Acts that need the password given within the last minutes (settings.password_minutes).
NEEDS_RECENT_PASSWORD = frozenset({P.decide_sips, P.review_destruction})
#: Acts that need the password at the act itself.
NEEDS_PASSWORD_AT_ACT = frozenset(
    {P.decide_destruction, P.execute_destruction, P.lift_holds, P.manage_people, P.confirm_grants}
    | {P.release_destruction}
)
#: Neither a token nor the command line may ever do these.
BROWSER_ONLY = NEEDS_RECENT_PASSWORD | NEEDS_PASSWORD_AT_ACT
