"""The ten promises that the archive makes, one test each, named after its promise. More is proven beside each part;
here every promise stands in one place, on an archive that is whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from archive_service.accounts.people import give_role_at_start
from archive_service.demo.pki import make_authority, sign_pdf
from archive_service.demo.typesetting import typesetter
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import ArchiveError, Conflict
from archive_service.kernel.log import LogDetail, LogEntry, lines_from, verify
from archive_service.kernel.permissions import Role
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.worker import drain
from ingest.models import SipState
from preservation.models import Copy, CopyState, Dossier, ErasureReceipt
from preservation.ocfl.store import open_file, read_inventory
from preservation.reading.find import find
from preservation.roots.markers import anchor_log, anchors_outside
from retention.destruction.certificate import issue_certificate
from retention.models import ListState
from search.index import Query, SearchPage
from tests.archives import House
from tests.builders import CODE, BagBuilder
from tests.retention.shelf import MINUTES, Hands, bytes_left, shelve
from tests.sending import accept, codes, judged, packed, send, sip_of, sips, stored

FIRST = f"data/{CODE}.001.pdf"


def dossiers(house: House) -> list[Dossier]:
    with house.archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Dossier)))


def test_1_nothing_is_accepted_unless_every_byte_matches_the_senders_manifest(
    house: House, tmp_path: Path
) -> None:
    sip = judged(house, packed(tmp_path, BagBuilder(altered=FIRST)))
    assert "bag-digest" in " ".join(codes(house, sip.id))
    with pytest.raises(Conflict) as refused:
        accept(house, sip)
    assert refused.value.name == "has-errors"


def test_2_nothing_is_called_stored_until_two_copies_were_read_back(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sip = judged(house, packed(tmp_path))
    accept(house, sip)
    with monkeypatch.context() as lying:
        lying.setattr(house.archive.stores["ban-sao"], "put_tree", _flipping(house))
        drain(house.archive)
    assert (sip_of(house, sip.id).state, dossiers(house)) == (SipState.accepted, [])
    house.clock.advance(minutes=10)
    drain(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        states = work.session.scalars(select(Copy.state)).all()
    assert (sip_of(house, sip.id).state, states) == (SipState.stored, [CopyState.verified] * 2)


def _flipping(house: House) -> Callable[..., None]:
    """A disk that keeps another bit than it was given, in one file, and says nothing."""
    store = house.archive.stores["ban-sao"]
    put_tree = store.put_tree

    def put(prefix: str, entries: object) -> None:
        put_tree(prefix, entries)  # type: ignore[arg-type]
        key = next(info.key for info in store.list(prefix) if info.key.endswith(".pdf"))
        with store.open(key) as stream:
            content = bytearray(stream.read())
        content[0] ^= 1
        store.put(key, bytes(content))

    return put


def test_3_the_same_submission_twice_gives_one_aip(house: House, tmp_path: Path) -> None:
    first = stored(house, packed(tmp_path))
    again = send(house, tmp_path / "goi.zip")
    otherwise = judged(house, packed(tmp_path / "other", name="goi.tar"))
    drain(house.archive)
    assert (again.new, otherwise.state, len(sips(house))) == (False, SipState.duplicate, 2)
    assert [each.id for each in dossiers(house)] == [first.id]


def test_4_a_signed_original_is_never_changed(house: House, tmp_path: Path) -> None:
    signed = _signed()
    dossier = stored(house, packed(tmp_path, BagBuilder(files={FIRST: signed})))
    for store in house.archive.stores.values():
        inventory = read_inventory(store, dossier.object_id)
        with open_file(store, inventory, f"submission/{FIRST}") as stream:
            assert stream.read() == signed
        assert f"text/{FIRST}.txt" in inventory.files()


def _signed() -> bytes:
    signer = make_authority().issue("Đinh Thanh Hưởng")
    at = datetime(2020, 6, 15, tzinfo=UTC)
    return sign_pdf(typesetter().pdf("Tờ trình"), signer, at, field="ChuKy1", reason="Ký số")


def test_5_catalogue_and_index_are_rebuilt_from_storage_alone(house: House, tmp_path: Path) -> None:
    signed = stored(house, packed(tmp_path, BagBuilder(files={FIRST: _signed()})))
    Hands(house).hold(signed.id)
    before = asked(house, "reader")
    keep_system_objects(house.archive, now=True)
    shutil.rmtree(house.archive.settings.data / "index")
    house.archive.__dict__.pop("index")
    report = rebuild(house.archive)
    old = open_engine(f"sqlite:///{report.kept}")
    assert report.whole and list(compare(old, house.archive.engine)) == []
    old.dispose()
    assert before[0].total == 4
    assert asked(house, "reader") == before


def test_6_nothing_is_destroyed_early_or_held_or_by_fewer_than_four(house: House) -> None:
    hands = Hands(house)
    early, held, young = shelve(house), shelve(house), shelve(house, end_date=date(2024, 1, 1))
    decided = hands.reviewed(early, held)
    with pytest.raises(ArchiveError) as refused:
        hands.decide(decided, replace(MINUTES, content=b""))
    assert refused.value.name == "minutes-missing"
    with pytest.raises(ArchiveError):
        hands.start(decided)
    hands.decide(decided)
    with pytest.raises(ArchiveError) as refused:
        hands.start(decided)
    assert refused.value.name == "refused-waiting"
    house.clock.advance(days=8)
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["council_member"], Role.executor)
    with pytest.raises(ArchiveError) as refused:
        hands.start(decided, who="council_member")
    assert refused.value.name == "same-person"
    hands.start(decided)
    hands.hold(held)
    hands.execute(decided)
    for kept in (young, held):
        with pytest.raises(ArchiveError):
            hands.propose(kept)
    assert [len(bytes_left(house, key)) for key in (early, held, young)] == [0, 2, 2]


def test_7_no_certificate_before_every_copy_has_reported_itself_gone(house: House) -> None:
    hands, key = Hands(house), shelve(house)
    decided = hands.started(key)
    hands.execute(decided)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(
            update(ErasureReceipt).where(ErasureReceipt.place == "copy:ban-sao").values(gone_at=None)
        )
        listed = work.session.get_one(type(hands.listed(decided)), decided)
        listed.state, listed.certificate_key = ListState.copies_owed, ""
    with pytest.raises(Conflict) as refused:
        issue_certificate(house.archive, decided)
    assert refused.value.name == "receipts-owed"


@pytest.mark.parametrize("change", ["entry", "detail", "tail"])
def test_8_every_act_is_in_a_log_whose_alteration_shows(house: House, tmp_path: Path, change: str) -> None:
    stored(house, packed(tmp_path))
    anchor_log(house.archive)
    assert log_faults(house) == []
    with house.archive.work(THE_ARCHIVE) as work:
        row = work.session.scalars(select(LogEntry).where(LogEntry.verb == "sip.accepted")).one()
        if change == "entry":
            row.body = row.body.replace(b"sip.accepted", b"sip.returned")
        elif change == "detail":
            work.session.get_one(LogDetail, row.number).detail = json.dumps({"actor": "Người khác"})
        else:
            last = work.session.scalar(select(func.max(LogEntry.number)))
            work.session.delete(work.session.get_one(LogDetail, last))
            work.session.flush()
            work.session.delete(work.session.get_one(LogEntry, last))
    assert log_faults(house) != []


def log_faults(house: House) -> list[str]:
    with house.archive.look(THE_ARCHIVE) as work:
        anchors = anchors_outside(house.archive)
        return [each.code for each in verify(lines_from(work.session), anchors, house.archive.keys.public)]


def test_9_a_reader_never_learns_that_a_closed_record_exists(house: House, tmp_path: Path) -> None:
    stored(house, packed(tmp_path))
    before = asked(house, "reader")
    closed = {"FileCode": "000.00.12.H43.2020.32.TTr", "FileNotation": "32.TTr", "Rights": "Riêng tư"}
    builder = BagBuilder(content=b"mat\n", dossier=closed, every_document={"FileCode": closed["FileCode"]})
    stored(house, packed(tmp_path / "closed", builder))
    assert asked(house, "officer")[0].total == 2 * before[0].total
    assert asked(house, "reader") == before


def asked(house: House, who: str) -> list[SearchPage]:
    """All that a search answers: hits, counts, facets, snippets, cursors."""
    words = ("", "to trinh", "TTr-SNV", "riêng tư", "2020")
    return [find(house.archive, house.actor(who), Query(text=text)).page for text in words]


def test_10_state_secrets_are_refused_and_leave_nothing(house: House, tmp_path: Path) -> None:
    content = b"noi dung mat " + hashlib.sha256(b"secret").digest()
    sip = judged(house, packed(tmp_path, BagBuilder(dossier={"Rights": "Mật"}, content=content)))
    drain(house.archive)
    assert (sip.state, dossiers(house), house.archive.index.count()) == (SipState.refused, [], 0)
    kept = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
    assert [path for path in kept if content in path.read_bytes()] == []
    assert [info.key for info in house.archive.staging.list("sips")] == []
