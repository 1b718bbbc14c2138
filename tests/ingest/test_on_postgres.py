"""What SQLite takes without a word PostgreSQL refuses: lengths, NUL, large numbers. A sender's fault is not ours."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive_service.accounts.signin import WrongPassword, sign_in
from archive_service.kernel.errors import TooMany
from ingest.accept import store_sip
from ingest.containers import ZIP
from ingest.models import SipState
from ingest.receive import receive_sip
from tests.archives import House, make_house
from tests.builders import CODE, BagBuilder
from tests.sending import accept, another, codes, judged, packed, sip_of
from tests.services.postgres import Postgres


@pytest.fixture(scope="module")
def house(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with postgres_server.fresh() as url:
        house = make_house(tmp_path_factory.mktemp("house"), database=url)
        yield house
        house.archive.close()


LONG = "d" * 200
PACKAGES = {
    "texts": another(
        "1",
        dossier={"Title": "a" * 1500, "Maintenance": "m" * 300},
        every_document={"TypeName": "t" * 300, "CodeNotation": "n" * 300, "Subject": "s" * 1500},
    ),
    "agency": another("2", every_document={"OrganName": "c" * 700}),
    "ordinal": another("3", document={"DocOrdinal": "3000000000"}),
    "path": another("4", rename={f"data/{CODE}.002.pdf": f"data/{'/'.join([LONG] * 6)}/x.pdf"}),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_what_may_be_accepted_can_be_stored(house: House, tmp_path: Path, name: str) -> None:
    sip = judged(house, packed(tmp_path, PACKAGES[name]))
    assert not sip.errors, codes(house, sip.id)
    accept(house, sip)
    store_sip(house.archive, str(sip.id))
    assert sip_of(house, sip.id).state is SipState.stored


def test_a_code_that_is_too_long_is_the_senders_fault(house: House, tmp_path: Path) -> None:
    sip = judged(house, packed(tmp_path, another("5" * 300)))
    assert "metadata-code-too-long" in codes(house, sip.id)
    assert sip.state is SipState.awaiting_decision


def test_a_nul_in_a_manifest_is_the_senders_fault(house: House, tmp_path: Path) -> None:
    bag = BagBuilder(extra={"data/a.txt": b"a"}).build(tmp_path / "bag")
    manifest = bag / "manifest-sha256.txt"
    manifest.write_bytes(manifest.read_bytes().replace(b"a.txt", b"a\0txt"))
    sip = judged(house, _tarred(bag))
    assert sip.state is SipState.awaiting_decision
    assert sip.errors


def _tarred(bag: Path) -> Path:
    with tarfile.open(bag.with_suffix(".tar"), "w") as container:
        container.add(bag, bag.name)
    return bag.with_suffix(".tar")


def test_a_container_whose_name_holds_nul_is_received(house: House) -> None:
    data = io.BytesIO(b"PK\x03\x04 not a zip")
    receipt = receive_sip(house.archive, house.actor("producer"), data, name="a\0b.zip", media_type=ZIP)
    assert receipt.new


def test_guesses_at_once_of_an_unknown_name_are_all_wrong(house: House) -> None:
    def guess(_: int) -> type[Exception]:
        with pytest.raises((WrongPassword, TooMany)) as refused:
            sign_in(house.archive, "khong\0co", "x")
        return refused.type

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(guess, range(6))) <= {WrongPassword, TooMany}
