"""A destroyed dossier leaves no second place behind: not in other tries of it, nor in what the checks noted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from ingest.models import Sip, SipFile, SipFinding, SipState
from preservation.aips.erase import erase
from tests.archives import House
from tests.builders import BagBuilder
from tests.sending import codes, give_back, judged, packed, stored

SUBJECT = "Kỷ luật ông Trần Văn Bí Mật"


def package(content: bytes = b"%PDF-1.4 noi dung\n") -> BagBuilder:
    return BagBuilder(document={"Subject": SUBJECT}, content=content)


@pytest.fixture
def destroyed(house: House, tmp_path: Path) -> House:
    """Returned once, stored, sent once more with other content, and then erased."""
    give_back(house, judged(house, packed(tmp_path, package(), f"{SUBJECT}.zip")))
    dossier = stored(house, packed(tmp_path, package(b"%PDF-1.4 hai\n"), "hai.zip"))
    judged(house, packed(tmp_path, package(b"%PDF-1.4 ba\n"), "ba.zip"))
    drain(house.archive)
    assert erase(house.archive, dossier.id, ground="expired", entry_id=None)
    drain(house.archive)
    return house


def test_no_byte_of_a_destroyed_description_is_left_on_disk(destroyed: House) -> None:
    destroyed.archive.engine.dispose()
    kept = [p for p in destroyed.archive.settings.data.rglob("*") if p.is_file()]
    assert [p.name for p in kept if SUBJECT.encode() in p.read_bytes()] == []
    assert [p.name for p in kept if ascii(SUBJECT)[1:-1].encode() in p.read_bytes()] == []


def test_every_try_keeps_its_state_and_nothing_of_the_content(destroyed: House) -> None:
    with destroyed.archive.look(THE_ARCHIVE) as work:
        tries = work.session.scalars(select(Sip).order_by(Sip.id)).all()
        assert [sip.state for sip in tries] == [SipState.returned, SipState.stored, SipState.refused]
        assert all(sip.description == {} and sip.container_name == "" for sip in tries)
        assert not work.session.scalars(select(SipFile)).all()
        assert not work.session.scalars(select(SipFinding)).all()


def test_the_same_content_of_a_destroyed_dossier_is_refused_and_is_no_duplicate(
    destroyed: House, tmp_path: Path
) -> None:
    again = package(b"%PDF-1.4 hai\n")
    again.info = (("Source-Organization", "Văn phòng"),)
    sip = judged(destroyed, packed(tmp_path, again, "bon.zip"))
    assert sip.state is SipState.refused
    assert "identity-conflict" in codes(destroyed, sip.id)
    assert sip.description == {}
