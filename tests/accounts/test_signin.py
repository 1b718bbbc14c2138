"""Signing in: strong passwords, limited attempts, and nothing that tells who exists."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from archive_service.accounts import signin
from archive_service.accounts.actors import session_actor, token_actor
from archive_service.accounts.people import end_token, enter_token
from archive_service.accounts.signin import (
    ATTEMPTS,
    WrongPassword,
    give_password,
    set_password,
    sign_in,
    sign_out,
)
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import NotPossible, SignInNeeded, TooMany
from archive_service.kernel.events import Verb
from archive_service.kernel.people import BrowserSession, Password, Person, PersonKind, Token
from tests.archives import PASSWORD, House, make_house
from tests.sending import verbs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"))
    with house.archive.work(THE_ARCHIVE) as work:
        for name in ("officer", "reader", "auditor"):
            set_password(work, house.people[name].id, PASSWORD)
    yield house
    house.archive.close()


def test_the_right_password_opens_a_session(house: House) -> None:
    cookie, session = sign_in(house.archive, "Officer ", PASSWORD)
    actor, _ = session_actor(house.archive, cookie)
    assert (actor.id, actor.door) == (house.people["officer"].id, "web")
    assert cookie not in session.digest


def test_a_session_ends_by_signing_out_and_by_time(house: House) -> None:
    cookie, session = sign_in(house.archive, "officer", PASSWORD)
    actor, _ = session_actor(house.archive, cookie)
    sign_out(house.archive, actor, session)
    other, _ = sign_in(house.archive, "officer", PASSWORD)
    house.clock.advance(hours=11)
    for ended in (cookie, other, None, "madeup"):
        with pytest.raises(SignInNeeded):
            session_actor(house.archive, ended)


@pytest.mark.parametrize("name", ["reader", "khong-co-ai"])
def test_attempts_are_limited_the_same_for_names_that_exist_and_do_not(house: House, name: str) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(WrongPassword):
            sign_in(house.archive, name, "sai")
    with pytest.raises(TooMany):
        sign_in(house.archive, name, PASSWORD)
    house.clock.advance(minutes=16)
    with pytest.raises(WrongPassword):
        sign_in(house.archive, name, "sai")


def test_guesses_at_once_do_not_pass_the_limit(house: House) -> None:
    met: list[type[Exception]] = []

    def guess() -> None:
        try:
            sign_in(house.archive, "executor", "sai")
        except (WrongPassword, TooMany) as error:
            met.append(type(error))

    guesses = [threading.Thread(target=guess) for _ in range(ATTEMPTS * 3)]
    for each in guesses:
        each.start()
    for each in guesses:
        each.join()
    assert met.count(WrongPassword) <= ATTEMPTS and len(met) == ATTEMPTS * 3


def test_nobody_waits_while_a_password_is_verified(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(hashed: str, password: str) -> bool:
        with house.archive.work(THE_ARCHIVE) as work:
            work.record_of(Verb.log_exported, "log", None)
        return False

    monkeypatch.setattr(signin, "_verify", slow)
    with pytest.raises(WrongPassword):
        sign_in(house.archive, "head", "sai")


def test_an_ended_session_leaves_nothing_behind(house: House) -> None:
    _, ended = sign_in(house.archive, "officer", PASSWORD)
    house.clock.advance(hours=11)
    sign_in(house.archive, "officer", PASSWORD)
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get(BrowserSession, ended.digest) is None


def test_a_failed_attempt_is_in_the_log(house: House) -> None:
    with pytest.raises(WrongPassword):
        sign_in(house.archive, "auditor", "sai")
    assert verbs(house)[-1] == "account.sign-in-failed"


@pytest.mark.parametrize("weak", ["Ab1!", "matkhau-1", "MATKHAU-1", "Mat-khau-", "Matkhau12"])
def test_a_weak_password_is_refused(house: House, weak: str) -> None:
    with pytest.raises(NotPossible), house.archive.work(THE_ARCHIVE) as work:
        set_password(work, house.people["reader"].id, weak)


def test_passwords_are_stored_hashed(house: House) -> None:
    with house.archive.look(THE_ARCHIVE) as work:
        row = work.session.get_one(Password, house.people["officer"].id)
    assert row.argon2.startswith("$argon2id$") and PASSWORD not in row.argon2


def test_giving_the_password_again_serves_this_act(house: House) -> None:
    cookie, session = sign_in(house.archive, "officer", PASSWORD)
    actor, _ = session_actor(house.archive, cookie)
    assert not actor.password_now
    assert give_password(house.archive, actor, session, PASSWORD).password_now
    with pytest.raises(WrongPassword):
        give_password(house.archive, actor, session, "sai")


def test_a_system_never_signs_in(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.add(Person(username="qlvb", name="QLVB", kind=PersonKind.system, created_at=work.now()))
        work.session.flush()
        row = work.session.query(Person).filter_by(username="qlvb").one()
        set_password(work, row.id, PASSWORD)
    with pytest.raises(WrongPassword):
        sign_in(house.archive, "qlvb", PASSWORD)


def test_a_token_acts_for_its_person_until_it_ends(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        secret = enter_token(work, house.people["producer"].id, "qlvb", days=30)
    actor = token_actor(house.archive, secret)
    assert (actor.id, actor.door, actor.password_at) == (house.people["producer"].id, "api", None)
    with house.archive.look(THE_ARCHIVE) as work:
        assert secret not in work.session.get_one(Token, actor.token_id).digest
    house.clock.advance(days=31)
    with pytest.raises(SignInNeeded):
        token_actor(house.archive, secret)


def test_an_ended_token_opens_nothing(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        secret = enter_token(work, house.people["producer"].id, "qlvb")
    key = token_actor(house.archive, secret).token_id
    assert key is not None
    with house.archive.work(house.actor("administrator")) as work:
        end_token(work, key)
    with pytest.raises(SignInNeeded):
        token_actor(house.archive, secret)
