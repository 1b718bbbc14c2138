"""One thing that is broken in the roots is told, and keeps nothing else from coming back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.events import Verb
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from preservation.aips.proven import read_description
from preservation.models import Indexed
from preservation.ocfl.inventory import User
from preservation.ocfl.plan import file_of
from preservation.ocfl.store import create_object
from preservation.system.objects import TAIL, anchor
from search.index import Query
from tests.made import pdf
from tests.past import Past
from tests.preservation.dossiers import dossier_of, flip, keep, place
from tests.rebuild.test_rebuild import EVERYTHING, lose_database

STRANGER = uuid4()
FIRST = "data/000.00.12.H43.2020.31.TTr.001.pdf"


def root(past: Past, number: int) -> Path:
    return past.house.archive.settings.data / "storage" / str(number)


def put_object(past: Past, data: bytes) -> str:
    """A whole OCFL object in both roots whose description is these bytes."""
    object_id = f"urn:uuid:{STRANGER}"
    files, created = {"metadata/dossier.json": file_of(data)}, past.house.clock.now()
    for store in past.house.archive.stores.values():
        create_object(store, object_id, files, message="x", user=User("x"), created=created)
    return object_id


def described(past: Past, **changes: Any) -> bytes:
    """The description of a dossier that is there, as if it were the stranger's."""
    found = read_description(past.house.archive, dossier_of(past.house.archive, past.plain))
    own = {"id": str(STRANGER), "object_id": f"urn:uuid:{STRANGER}", "code": "000.00.12.H43.2020.99.TTr"}
    found["dossier"].update(own | changes)
    return json.dumps(found).encode()


DESCRIPTIONS: dict[str, Callable[[Past], bytes]] = {
    "nothing": lambda _: b"{}",
    "a list": lambda _: b"[]",
    "no text": lambda _: b"\xff",
    "too deep": lambda _: b"[" * 100_000,
    "another schema": lambda past: described(past).replace(b"dossier-json:1", b"dossier-json:9"),
    "a mode that is none": lambda past: described(past, access="secret"),
    "another dossier": lambda past: described(past, id=str(past.plain), object_id=f"urn:uuid:{past.plain}"),
}


@pytest.mark.parametrize("what", DESCRIPTIONS)
def test_an_object_that_does_not_fit_is_told_and_the_others_come_back(past: Past, what: str) -> None:
    stranger = put_object(past, DESCRIPTIONS[what](past))
    lost = lose_database(past.house.archive)
    report = rebuild(past.house.archive)
    assert [each.partition(": ")[0] for each in report.unreadable] == [stranger]
    old = open_engine(f"sqlite:///{lost}")
    assert list(compare(old, past.house.archive.engine)) == []
    old.dispose()


def test_of_two_dossiers_with_one_code_one_is_told_and_the_others_come_back(past: Past) -> None:
    put_object(past, described(past, code=dossier_of(past.house.archive, past.plain).code))
    lose_database(past.house.archive)
    report = rebuild(past.house.archive)
    assert report.dossiers == 3
    assert report.unreadable[0].endswith(": another dossier has its code")


def test_an_object_that_one_root_cannot_give_comes_from_the_other(past: Past) -> None:
    folder = place(past.house, past.plain, "kho-chinh")
    lose_database(past.house.archive)
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    assert rebuild(past.house.archive).whole


TAILS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-20],
    "garbage": lambda _: b"[]\n{}\n\xff\n",
    "altered": lambda data: data.replace(b'"search.', b'"sEarch.', 1),
}


@pytest.mark.parametrize("what", TAILS)
def test_a_damaged_tail_of_the_log_gives_way_to_the_one_in_another_root(past: Past, what: str) -> None:
    with past.house.archive.work(THE_ARCHIVE) as work:
        work.record_of(Verb.searched, "search", None)
    anchor(past.house.archive)
    tail = root(past, 1) / TAIL
    tail.write_bytes(TAILS[what](tail.read_bytes()))
    lose_database(past.house.archive)
    report = rebuild(past.house.archive)
    assert (report.log_faults, report.lost_anchors) == ([], [])


def with_text(past: Past) -> UUID:
    dossier_id = keep(past.house, 9, signed={FIRST: ()}, files={FIRST: pdf("Chữ để tìm")})
    keep_system_objects(past.house.archive, now=True)
    anchor(past.house.archive)
    return dossier_id


def test_a_damaged_text_in_the_only_root_is_told_and_its_record_still_found(past: Past) -> None:
    dossier_id = with_text(past)
    flip(next(place(past.house, dossier_id, "kho-chinh").rglob("*.txt")))
    lose_database(past.house.archive)
    shutil.rmtree(root(past, 2))
    report = rebuild(past.house.archive)
    assert [each.partition(": ")[0] for each in report.unreadable] == [f"urn:uuid:{dossier_id}"]
    only = {"dossier": frozenset({str(dossier_id)})}
    assert past.house.archive.index.search(Query(filters=only), EVERYTHING).total == 3
    with past.house.archive.look(THE_ARCHIVE) as work:  # owed to the index until a good copy is back
        assert work.session.get_one(Indexed, dossier_id).revision == -1
