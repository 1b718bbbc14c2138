"""Retired roots on real services, and beside a rebuild: a bucket is left as it is, and nobody forgets what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.settings import Credentials, Root, Settings
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.aips.erase import erase
from preservation.replication.bring import bring_root
from preservation.replication.replicas import copies_owed
from preservation.replication.retire import note_destroyed
from preservation.roots.markers import MARKER, anchor_log, read_marker, require_roots
from preservation.watch_models import RetiredRoot
from tests.archives import MORNING, House, make_house
from tests.preservation.dossiers import audit, incidents, keep, states
from tests.preservation.replication.test_retire import (
    OLD,
    first,
    receipts,
    retired,
    with_third,
    without_third,
)
from tests.rebuild.test_rebuild import lose_database
from tests.services.s3 import S3


@pytest.fixture
def with_bucket(tmp_path: Path, fresh_postgres: str, s3_server: S3) -> Iterator[House]:
    """Catalogue in PostgreSQL; two folders, and a bucket that is to be retired."""
    house = make_house(tmp_path, database=fresh_postgres)
    keep(house)
    keep(house, 2)
    old = house.archive.settings
    third = Root(
        id=OLD,
        name="Kho đám mây cũ",
        url=f"s3://{s3_server.new_bucket(versioning=True)}?endpoint={s3_server.endpoint}",
        failure_domain="3",
        credentials="cu",
    )
    keys = {"cu": Credentials(access_key=s3_server.access_key, secret_key=SecretStr(s3_server.secret_key))}
    house.archive.close()
    settings = Settings(
        data=old.data, database=fresh_postgres, storage=[*old.storage, third], credentials=keys
    )
    house.archive = Archive(settings, house.clock)
    bring_root(house.archive, OPERATOR, OLD)
    keep_system_objects(house.archive, now=True)
    yield house
    house.archive.close()


def held(store: ObjectStore) -> dict[str, str]:
    found = {}
    for info in store.list():
        if info.key != MARKER:
            with store.open(info.key) as stream:
                found[info.key] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def test_a_bucket_is_retired_and_left_as_it_is(with_bucket: House) -> None:
    house, bucket = with_bucket, with_bucket.archive.stores[OLD]
    before = held(bucket)
    assert sum(key.endswith(".pdf") for key in before) >= 2
    assert retired(house).startswith(b"%PDF")
    marker = read_marker(bucket)
    assert marker is not None and marker.retired_at
    later = keep(house, 3)  # by a process that has the table in its settings still
    copies_owed(house.archive)
    anchor_log(house.archive)
    keep_system_objects(house.archive, now=True)
    assert audit(house).stopped == {}
    assert states(house.archive, later).keys() == {"kho-chinh", "ban-sao"}
    assert (held(bucket), incidents(house.archive)) == (before, [])
    with pytest.raises(NotPossible) as refused:
        require_roots(house.archive)
    assert refused.value.name == "root-retired"


def test_a_destruction_waits_for_a_bucket_until_its_end_is_noted(with_bucket: House) -> None:
    house = with_bucket
    retired(house)
    dossier_id = first(house)
    assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
    owed = [place for place, row in receipts(house.archive, dossier_id).items() if row.gone_at is None]
    assert owed == [f"copy:{OLD}"]
    assert note_destroyed(house.archive, OPERATOR, OLD, MORNING.date(), "Nguyễn Văn An") == 1
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)


def test_a_rebuild_knows_the_retired_root_and_leaves_its_medium_alone(house: House, tmp_path: Path) -> None:
    keep(house)
    with_third(house, tmp_path)
    retired(house)
    keep_system_objects(house.archive, now=True)
    archive = without_third(house)
    drain(archive)
    keep_system_objects(archive, now=True)
    medium = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "dia cu").rglob("*")
        if path.is_file()
    }
    lost = lose_database(archive)
    assert rebuild(archive).whole
    old = open_engine(f"sqlite:///{lost}")
    differing = {(each.table, each.column) for each in compare(old, archive.engine)}
    old.dispose()
    assert differing <= {("assessment", "")}, differing  # reckoned anew
    with archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(RetiredRoot, OLD).destroyed_on is None
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in medium.items())
    assert not erase(archive, first(house), ground="expired", entry_id=None)  # its medium may hold it
