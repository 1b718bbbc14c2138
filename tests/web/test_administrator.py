"""Accounts, roles, services: what an administrator can do, and what no administrator can."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from archive_service.accounts.actors import token_actor
from archive_service.accounts.people import enter_person, enter_token
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import SignInNeeded
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.people import AccountState, Grant, GrantState, Person, PersonKind
from archive_service.kernel.permissions import Role
from archive_service.kernel.settings import Settings
from archive_service.upkeep import services
from archive_service.web.running import shown_settings, without_user
from archive_service.web.sentences import Sentences
from ingest.models import Sip
from tests.archives import PASSWORD, House
from tests.web.test_officer import waiting
from tests.web.visits import Browser, sheet_of, text_of

Visit = Callable[..., Browser]
NEW = {"name": "Lê Văn Bình", "username": "lvbinh.snv", "kind": "person", "unit": "", "password": PASSWORD}
BETTER = "Mot-mat-khau-2"


def person(house: House, username: str) -> Person:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Person).where(Person.username == username)).one()


def grant_of(house: House, who: Person) -> Grant:
    with house.archive.look(THE_ARCHIVE) as work:
        newest = select(Grant).where(Grant.person_id == who.id).order_by(Grant.requested_at.desc())
        return work.session.scalars(newest.limit(1)).one()


def test_a_new_account_must_choose_its_own_password_first(visit: Visit) -> None:
    made = visit("administrator").submit("/users/add", **NEW)
    shown = re.search(r"<code>([^<]+-aA1)</code>", made.text)
    assert shown and made.status_code == 200
    newcomer = visit()
    newcomer.sign_in("lvbinh.snv", shown[1])
    assert newcomer.get("/my-work").headers["location"] == "/account/password"
    fields = {"password": shown[1], "new_password": BETTER, "new_password_again": BETTER}
    assert newcomer.submit("/account/password", **fields).headers["location"] == "/account"
    assert newcomer.get("/my-work").status_code == 200


def test_nothing_is_added_without_the_password(visit: Visit) -> None:
    refused = visit("administrator").submit("/users/add", **{**NEW, "password": ""})
    assert refused.status_code == 422 and "Lê Văn Bình" in refused.text


def test_a_powerful_role_waits_for_a_second_person(visit: Visit, house: House) -> None:
    administrator, reader = visit("administrator"), house.people["reader"]
    address = f"/users/{reader.id}/grant"
    administrator.submit(address, role="officer", over=f"unit:{house.unit.id}", password=PASSWORD)
    asked = grant_of(house, reader)
    assert (asked.role, asked.unit_id, asked.state) == (Role.officer, house.unit.id, GrantState.requested)
    own = administrator.submit(f"/grants/{asked.id}/confirm", password=PASSWORD)
    assert own.status_code == 403
    visit("head").submit(f"/grants/{asked.id}/confirm", password=PASSWORD)
    assert grant_of(house, reader).state is GrantState.effective


@pytest.mark.parametrize("over", ["unit:", "unit:all", "everything", "fonds"])
def test_a_reach_that_cannot_be_read_is_not_the_whole_archive(visit: Visit, house: House, over: str) -> None:
    address = f"/users/{house.people['auditor'].id}/grant"
    before = grant_of(house, house.people["auditor"]).id
    refused = visit("administrator").submit(address, role="reader", over=over, password=PASSWORD)
    assert refused.status_code == 422
    assert grant_of(house, house.people["auditor"]).id == before


def test_a_token_is_shown_once(visit: Visit, house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        system = enter_person(work, "qlvb-so", "QLVB của Sở", kind=PersonKind.system)
    administrator = visit("administrator")
    address = f"/users/{system.id}/token"
    form = administrator.form_of(address, address) | {"name": "QLVB", "password": PASSWORD}
    assert "vnat_" in administrator.post(address, data=form).text
    assert administrator.post(address, data=form).status_code == 409
    page = administrator.get(f"/users/{system.id}").text
    assert "QLVB" in page and "vnat_" not in page


def test_a_leaked_token_is_ended_on_its_page(visit: Visit, house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        system = enter_person(work, "qlvb-so", "QLVB của Sở", kind=PersonKind.system)
        secret = enter_token(work, system.id, "QLVB")
    key = token_actor(house.archive, secret).token_id
    administrator, page = visit("administrator"), f"/tokens/{key}/end"
    assert page in administrator.get(f"/users/{system.id}").text
    assert administrator.submit(page, password="").status_code == 422
    assert administrator.submit(page, password=PASSWORD).headers["location"] == f"/users/{system.id}"
    with pytest.raises(SignInNeeded):
        token_actor(house.archive, secret)


def test_a_person_makes_and_ends_a_token_of_their_own(visit: Visit, house: House) -> None:
    reader = visit("reader")
    assert reader.submit("/account/token", name="máy của tôi", password="").status_code == 422
    shown = re.search(
        r"vnat_[\w-]+", reader.submit("/account/token", name="máy của tôi", password=PASSWORD).text
    )
    assert shown and token_actor(house.archive, shown[0]).id == house.people["reader"].id
    page = re.search(r"/tokens/[\w-]+/end", reader.get("/account").text)
    assert page and visit("officer").get(page[0]).status_code == 403
    assert reader.submit(page[0], password=PASSWORD).headers["location"] == "/account"
    with pytest.raises(SignInNeeded):
        token_actor(house.archive, shown[0])


def test_nobody_ends_the_token_of_another(visit: Visit, house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        secret = enter_token(work, house.people["reader"].id, "máy")
    key, officer = token_actor(house.archive, secret).token_id, visit("officer")
    own = officer.form_of("/account/token", "/account/token") | {"password": PASSWORD}
    assert officer.post(f"/tokens/{key}/end", data=own).status_code == 403
    assert token_actor(house.archive, secret).token_id == key


def test_who_leaves_hands_over_the_work(visit: Visit, house: House) -> None:
    sip_id, officer = waiting(house), house.people["officer"]
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Sip, sip_id).assigned_to = officer.id
    heir = str(house.people["other_officer"].id)
    left = visit("officer")
    done = visit("administrator").submit(f"/users/{officer.id}/lock", successor=heir, password=PASSWORD)
    assert done.status_code == 303 and person(house, "officer").state is AccountState.locked
    assert left.get("/sips").headers["location"].startswith("/login")


def test_an_administrator_finds_no_way_to_a_title(visit: Visit, house: House) -> None:
    waiting(house)
    administrator = visit("administrator")
    pages = ("/health", "/jobs", "/users", "/settings", "/agencies", "/my-work", "/account")
    assert all(administrator.get(page).status_code == 200 for page in pages)
    assert not [page for page in pages if "Tập lưu tờ trình" in administrator.get(page).text]


@pytest.mark.parametrize("page", ["/users", "/users/add", "/agencies", "/jobs", "/health", "/settings"])
def test_these_pages_are_closed_to_officers(visit: Visit, page: str) -> None:
    assert visit("officer").get(page).status_code == 403


def test_an_agency_with_unit_and_fonds_is_entered(visit: Visit) -> None:
    administrator = visit("administrator")
    fields = {"code": "000.00.13.H43", "name": "Thanh tra tỉnh", "password": PASSWORD}
    assert administrator.submit("/agencies/add-agency", **fields).headers["location"] == "/agencies"
    assert administrator.submit("/agencies/add-agency", **fields).status_code == 422
    assert "Thanh tra tỉnh" in administrator.get("/agencies").text


def test_a_stuck_job_is_run_again_and_told_to_those_who_work_here(visit: Visit, house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        job_id = work.later("check_roots")
        job = work.session.get_one(Job, job_id)
        job.state, job.incident, job.fault = JobState.stuck, "K7Q2-91", "Traceback: /srv/secret"
    administrator = visit("administrator")
    page = administrator.get("/jobs")
    assert "K7Q2-91" in page.text and "/srv/secret" not in page.text and "1 tác vụ bị kẹt" in text_of(page)
    assert "bị kẹt" not in text_of(visit("producer").get("/submissions"))
    again = f"/jobs/{job_id}/again"
    assert administrator.submit("/jobs", again).headers["location"] == "/jobs"
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Job, job_id).state is JobState.queued


def test_a_service_that_is_away_is_named(visit: Visit, house: House) -> None:
    house.archive.settings.malware = "clamd://127.0.0.1:9"
    with house.archive.look(house.actor("administrator")) as work:
        states = {service.name: service.state for service in services(house.archive, work)}
    assert (states["malware"], states["database"]) == ("away", "online")
    assert "Mất kết nối: 1" in text_of(visit("administrator").get("/health"))


def test_settings_say_what_was_set_and_show_tables_in_words(tmp_path: Path) -> None:
    hook = {"id": "tt", "url": "https://tt.example/bao-dong", "secret": "bimat-bimat-bimat"}
    given = {"data": tmp_path, "webhooks": [hook], "fixity_hours": ["22:00", "05:00"]}
    rows = {row.name: row for row in shown_settings(Settings.model_validate(given), Sentences("vi"))}
    assert {name for name, row in rows.items() if row.given} == set(given)
    assert rows["webhooks"].value == "id: tt, url: https://tt.example/bao-dong, secret: đã đặt"
    assert rows["fixity_hours"].value == "22:00:00; 05:00:00"
    assert rows["metrics"].value == "token: –, addresses: –"
    assert rows["keystore"].value == f"places: {tmp_path}/keystore/1; {tmp_path}/keystore/2, escrow: –"


def test_settings_show_no_secret(house: House) -> None:
    settings = house.archive.settings.model_copy(update={"database": "postgresql+psycopg://kho:bimat@db/a"})
    rows = shown_settings(settings, Sentences("vi"))
    assert not [row for row in rows if "bimat" in row.value]
    assert without_user("s3://bucket?endpoint=http://host") == "s3://bucket?endpoint=http://host"


@pytest.mark.parametrize(
    "page", ["/docs", "/docs/findings", "/docs/fields", "/docs/law", "/docs/files/dossier-1.xsd"]
)
def test_producer_help_is_public(visit: Visit, page: str) -> None:
    assert visit().get(page).status_code == 200


def test_every_finding_has_its_public_page(visit: Visit, house: House) -> None:
    stranger = visit()
    for code, message in list(house.archive.rules.messages.items())[:5]:
        assert message.remedy_vi in text_of(stranger.get(f"/docs/findings/{code}")).replace("&#34;", '"')
    assert stranger.get("/docs/findings/khong-co").status_code == 404


def test_the_demo_page_is_not_there_in_earnest(visit: Visit) -> None:
    assert visit().get("/demo").status_code == 404


def test_the_sheet_of_accounts_says_roles_in_words(visit: Visit) -> None:
    rows = sheet_of(visit("administrator").get("/users?format=xlsx"))
    told = " ".join(str(cell) for row in rows for cell in row)
    assert "Người làm lưu trữ (cả kho)" in told and "Đang dùng" in told


def test_the_places_of_services_are_told_in_words(visit: Visit) -> None:
    said = text_of(visit("administrator").get("/health"))
    assert "trong chương trình của kho" in said and "in-process" not in said and "embedded" not in said
