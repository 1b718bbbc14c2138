"""Packages on their way, for tests that disturb it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job, JobState
from archive_service.work import Archive
from archive_service.worker import drain
from ingest.accept import accept_sip
from ingest.models import Sip
from ingest.receive import Receipt, receive_sip
from preservation.models import Copy, CopyState, Dossier, FileObject
from preservation.ocfl.store import object_ids
from preservation.ocfl.validate import check
from tests.archives import House
from tests.builders import BagBuilder

ZIP = "application/zip"


def package(folder: Path, number: int = 1, **changes: Any) -> bytes:
    """A good package of one document; another number is another dossier."""
    code = f"000.00.12.H43.2010.{number:02}.TTr"
    dossier = {
        "FileCode": code,
        "FileCatalog": "2010",
        "FileNotation": f"{number:02}.TTr",
        "StartDate": "02/01/2010",
        "EndDate": "31/12/2010",
        "Maintenance": "10 năm",
    }
    builder = BagBuilder(
        documents=1,
        content=b"To trinh ve viec luu tru\n",
        dossier={**dossier, **changes},
        every_document={"FileCode": code},
    )
    folder.mkdir(parents=True, exist_ok=True)
    return builder.zip(folder / f"goi-{number}.zip").read_bytes()


def receive(house: House, container: bytes) -> Receipt:
    return receive_sip(
        house.archive, house.actor("producer"), io.BytesIO(container), name="goi.zip", media_type=ZIP
    )


def accept(house: House, sip_id: UUID) -> None:
    with house.archive.work(house.actor("officer")) as work:
        accept_sip(work, sip_id, seen=range(1, 50), version=work.session.get_one(Sip, sip_id).row_version)


def accepted(house: House, folder: Path, number: int = 1) -> UUID:
    """A package to which the officer has just said yes; nothing is stored yet."""
    receipt = receive(house, package(folder, number))
    drain(house.archive)
    accept(house, receipt.sip_id)
    return receipt.sip_id


def stored(house: House, folder: Path, number: int = 1) -> UUID:
    """The id of a dossier that is in the archive."""
    sip_id = accepted(house, folder, number)
    drain(house.archive)
    dossier_id = sip_of(house.archive, sip_id).dossier_id
    assert dossier_id is not None
    return dossier_id


def sip_of(archive: Archive, sip_id: UUID) -> Sip:
    with archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Sip, sip_id)


def jobs_of(archive: Archive, kind: str) -> list[Job]:
    with archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id)))


def job_of(archive: Archive, kind: str) -> Job:
    (only,) = jobs_of(archive, kind)
    return only


def assert_whole(archive: Archive, dossier_id: UUID) -> None:
    """The dossier lies in every root, each copy valid, and is found."""
    with archive.look(THE_ARCHIVE) as work:
        dossier = work.session.get_one(Dossier, dossier_id)
        copies = work.session.scalars(select(Copy).where(Copy.dossier_id == dossier_id)).all()
    assert {(copy.root_id, copy.state) for copy in copies} == {
        (root, CopyState.verified) for root in archive.stores
    }
    for store in archive.stores.values():
        assert dossier.object_id in list(object_ids(store))
        assert list(check(store, dossier.object_id)) == []
    assert str(dossier_id) in dict(archive.index.revisions())


def left_in_staging(archive: Archive) -> list[str]:
    return [info.key for info in archive.staging.list("sips")]


def left_in_scratch(archive: Archive) -> Iterator[Path]:
    """Files that an interrupted job unpacked and nobody removed."""
    base = archive.settings.data / "scratch"
    return (path for path in base.rglob("*") if path.is_file() and path.stat().st_size)


def assert_waiting(house: House, kind: str, fault: str) -> None:
    """The job says what is the matter on our side, by an incident number, and when it is tried next."""
    job = job_of(house.archive, kind)
    assert job.state in (JobState.retrying, JobState.stuck)
    assert fault in job.fault
    assert job.incident and job.run_after > house.clock.now()


def file_of(archive: Archive, dossier_id: UUID) -> UUID:
    with archive.look(THE_ARCHIVE) as work:
        query = select(FileObject.id).where(
            FileObject.dossier_id == dossier_id, FileObject.document_id.is_not(None)
        )
        return work.session.scalars(query).one()
