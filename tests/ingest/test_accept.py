"""The officer's decision: who may make it, on what, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive_service.accounts.people import give_role_at_start
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import Conflict, Forbidden, Missing, NotPossible, PasswordNeeded
from archive_service.kernel.permissions import Role
from archive_service.worker import drain
from ingest import accept as accepting
from ingest.accept import accept_sip, refuse_sip, store_sip
from ingest.models import Sip, SipState
from preservation.models import AccessMode
from tests.archives import House, make_house
from tests.builders import CODE
from tests.sending import accept, another, judged, packed, sip_of, stored, warnings


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


def decide(house: House, sip: Sip, actor: Actor, **more: Any) -> None:
    given = {"seen": warnings(house, sip.id), "version": sip.row_version, **more}
    with house.archive.work(actor) as work:
        accept_sip(work, sip.id, **given)


@pytest.fixture(scope="module")
def waiting(house: House, tmp_path_factory: pytest.TempPathFactory) -> Sip:
    """A package that nobody in these tests succeeds in deciding on."""
    return judged(house, packed(tmp_path_factory.mktemp("goi"), another("10")))


def test_an_accepted_package_is_stored(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("11")))
    accept(house, sip)
    drain(house.archive)
    assert sip_of(house, sip.id).state is SipState.stored


def test_an_officer_of_another_unit_finds_no_such_package(house: House, waiting: Sip) -> None:
    with pytest.raises(Missing):
        decide(house, waiting, house.actor("other_officer"))


@pytest.mark.parametrize("who", ["administrator", "reader", "auditor", "producer", "head"])
def test_nobody_but_an_officer_accepts(house: House, waiting: Sip, who: str) -> None:
    with pytest.raises((Missing, Forbidden)):
        decide(house, waiting, house.actor(who))


@pytest.mark.parametrize("door", ["api", "cli", "job"])
def test_neither_a_token_nor_the_command_line_accepts(house: House, waiting: Sip, door: Any) -> None:
    with pytest.raises(Forbidden, match="page only"):
        decide(house, waiting, replace(house.actor("officer"), door=door))


def test_accepting_wants_the_password_of_the_last_minutes(house: House, waiting: Sip) -> None:
    with pytest.raises(PasswordNeeded):
        decide(house, waiting, house.actor("officer", password=False))


def test_every_warning_must_be_acknowledged(house: House, waiting: Sip) -> None:
    numbers = warnings(house, waiting.id)
    assert numbers
    with pytest.raises(NotPossible, match="1 warnings"):
        decide(house, waiting, house.actor("officer"), seen=numbers[1:])


def test_a_package_with_errors_is_not_accepted(house: House, tmp_path: Path) -> None:
    broken = another("12", altered="data/000.00.12.H43.2020.12.001.pdf", rename=_own_names("12"))
    sip = judged(house, packed(tmp_path, broken))
    with pytest.raises(Conflict, match="errors"):
        decide(house, sip, house.actor("officer"))


def test_nobody_accepts_what_they_sent(house: House, tmp_path: Path) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["producer"], Role.officer)
    sip = judged(house, packed(tmp_path, another("13")))
    with pytest.raises(Conflict, match="submitted"):
        decide(house, sip, house.actor("producer"))


def test_two_officers_do_not_decide_twice(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("14")))
    with house.archive.work(house.actor("officer")) as work:
        refuse_sip(work, sip.id, reason="Không thuộc nguồn nộp lưu.", version=sip.row_version)
    with pytest.raises(Conflict, match="just dealt with"):
        decide(house, sip, house.actor("officer"))
    refused = sip_of(house, sip.id)
    assert (refused.state, refused.answers_for) == (SipState.refused, "Người officer")


def test_an_unknown_mode_is_closed_until_an_officer_maps_it(house: House, tmp_path: Path) -> None:
    unknown = {"dossier": {"Rights": "Theo quy chế"}, "every_document": {"Mode": None}}
    closed = stored(house, packed(tmp_path, another("15", **unknown)))
    mapped = stored(
        house, packed(tmp_path, another("16", **unknown), "khac.zip"), access=AccessMode.conditional
    )
    assert (closed.access, mapped.access) == (AccessMode.closed, AccessMode.conditional)
    assert mapped.tags["Rights"] == "Theo quy chế"


def test_storing_that_was_cut_before_its_rows_starts_over(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sip = judged(house, packed(tmp_path, another("17")))
    accept(house, sip)
    with monkeypatch.context() as patched:
        patched.setattr(accepting, "enter_aip", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            store_sip(house.archive, str(sip.id))
    assert sip_of(house, sip.id).state is SipState.accepted
    store_sip(house.archive, str(sip.id))
    store_sip(house.archive, str(sip.id))
    assert sip_of(house, sip.id).state is SipState.stored


def _own_names(notation: str) -> dict[str, str]:
    """Files named by their own dossier's code."""
    code = f"000.00.12.H43.2020.{notation}"
    return {f"data/{CODE}.{n:03}.pdf": f"data/{code}.{n:03}.pdf" for n in range(1, 4)}
