"""What must be true of an archive at any quiet moment, whatever it has lived through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import func, select

from archive_service.invariants.run import walk
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.log import LogEntry
from ingest.models import Sip
from preservation.models import Dossier, DossierState
from preservation.ocfl.store import object_ids, open_file, read_inventory
from preservation.ocfl.validate import check
from tests.sequences.life import Known, Life


def assert_sound(life: Life) -> None:
    archive = life.house.archive
    breaches = [breach for _, breach in walk(archive) if breach is not None]
    assert breaches == [], (breaches, life.told)
    for root, store in archive.stores.items():
        found = list(check(store))
        assert found == [], (found, root, life.told)
    for number, known in life.known.items():
        if known.destroyed:
            _assert_gone(life, number, known)
        elif known.dossier_id is not None:
            _assert_whole(life, number, known)
    _assert_nothing_twice(life)
    assert not list(life.bad_copies()), life.told


def _assert_whole(life: Life, number: int, known: Known) -> None:
    dossier = life.dossier(number)
    assert dossier.state is DossierState.stored and dossier.title == known.title, (number, life.told)
    for root, store in life.house.archive.stores.items():
        inventory = read_inventory(store, dossier.object_id)
        for path, sha256 in known.package.files.items():
            with open_file(store, inventory, f"submission/{path}") as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == sha256, (
                    number,
                    root,
                    path,
                    life.told,
                )
    assert str(dossier.id) in dict(life.house.archive.index.revisions()), (number, life.told)


def _assert_gone(life: Life, number: int, known: Known) -> None:
    assert life.dossier(number).state is DossierState.destroyed, (number, life.told)
    assert str(known.dossier_id) not in dict(life.house.archive.index.revisions()), (number, life.told)
    assert list(_traces(life, known)) == [], (number, life.told)


def _traces(life: Life, known: Known) -> Iterator[str]:
    """Where the bytes of a destroyed dossier still are: in a root, in staging, or in anything below our folder."""
    for name, store in {**life.house.archive.stores, "staging": life.house.archive.staging}.items():
        for info in store.list():
            with store.open(info.key) as stream:
                if known.package.mark in stream.read():
                    yield f"{name}: {info.key}"
    sip_id = str(known.sip_id)  # a container is compressed: no mark can be seen in it
    yield from (info.key for info in life.house.archive.staging.list() if sip_id in info.key)
    for path in life.house.archive.settings.data.rglob("*"):
        if path.is_file() and known.package.mark in path.read_bytes():
            yield str(path)


def _assert_nothing_twice(life: Life) -> None:
    expected = {f"urn:uuid:{k.dossier_id}" for k in life.known.values() if k.dossier_id and not k.destroyed}
    for root, store in life.house.archive.stores.items():
        dossiers = [each for each in object_ids(store) if each.startswith("urn:uuid:")]
        assert sorted(dossiers) == sorted(expected), (root, life.told)
    with life.house.archive.look(THE_ARCHIVE) as work:
        for table, of in ((Sip, Sip.container_sha256), (Dossier, Dossier.code)):
            counts = select(func.count()).select_from(table).group_by(of)
            assert set(work.session.scalars(counts)) <= {1}, (table, life.told)
        acts = select(func.count()).where(LogEntry.verb.in_(("dossier.stored", "dossier.destroyed")))
        counts = acts.group_by(LogEntry.verb, LogEntry.subject_id)
        assert set(work.session.scalars(counts)) <= {1}, life.told
