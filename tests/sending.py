"""A package on its way, step by step, as tests need it: sent, judged, decided, stored."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.log import LogEntry
from archive_service.worker import drain
from ingest.accept import accept_sip, return_sip
from ingest.models import Sip, SipFinding, SipState
from ingest.process import process_sip
from ingest.receive import Receipt, receive_sip
from ingest.unpack import media_type
from preservation.models import AccessMode, Dossier, FileObject
from tests.archives import House
from tests.builders import BagBuilder


def packed(folder: Path, builder: BagBuilder | None = None, name: str = "goi.zip") -> Path:
    """The package as a file, by its name a zip or a tar."""
    out, made = folder / name, builder or BagBuilder()
    return made.zip(out) if name.endswith(".zip") else made.tar(out)


def another(notation: str, **changes: Any) -> BagBuilder:
    """A package of another dossier of the same fonds."""
    code = f"000.00.12.H43.2020.{notation}"
    dossier = {"FileCode": code, "FileNotation": notation, **changes.pop("dossier", {})}
    every = {"FileCode": code, **changes.pop("every_document", {})}
    return BagBuilder(dossier=dossier, every_document=every, **changes)


def send(
    house: House,
    package: Path | bytes,
    *,
    who: str = "producer",
    kind: str | None = None,
    promised: Mapping[str, str] | None = None,
) -> Receipt:
    data = package if isinstance(package, bytes) else package.read_bytes()
    name = "goi.zip" if isinstance(package, bytes) else package.name
    found = kind or ("application/zip" if isinstance(package, bytes) else media_type(package))
    actor = house.actor(who)
    return receive_sip(house.archive, actor, io.BytesIO(data), name=name, media_type=found, promised=promised)


def judged(house: House, package: Path, *, who: str = "producer") -> Sip:
    """Sent and checked."""
    receipt = send(house, package, who=who)
    process_sip(house.archive, str(receipt.sip_id))
    return sip_of(house, receipt.sip_id)


def sip_of(house: House, sip_id: UUID) -> Sip:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Sip, sip_id)


def sips(house: House) -> list[Sip]:
    with house.archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Sip).order_by(Sip.id)))


def codes(house: House, sip_id: UUID) -> list[str]:
    """The codes of the findings, in order."""
    with house.archive.look(THE_ARCHIVE) as work:
        query = select(SipFinding.code).where(SipFinding.sip_id == sip_id).order_by(SipFinding.number)
        return list(work.session.scalars(query))


def warnings(house: House, sip_id: UUID) -> list[int]:
    with house.archive.look(THE_ARCHIVE) as work:
        query = select(SipFinding.number).where(SipFinding.sip_id == sip_id)
        return list(work.session.scalars(query.where(SipFinding.severity == "warning")))


def accept(house: House, sip: Sip, who: str = "officer", access: AccessMode | None = None) -> UUID:
    """Accepted with every warning acknowledged; returns the id that the dossier will have."""
    seen = warnings(house, sip.id)
    with house.archive.work(house.actor(who)) as work:
        return accept_sip(work, sip.id, seen=seen, version=sip.row_version, access=access)


def give_back(house: House, sip: Sip, reason: str = "Thiếu tờ trình số 3.", who: str = "officer") -> None:
    with house.archive.work(house.actor(who)) as work:
        return_sip(work, sip.id, reason=reason, version=sip.row_version)


def stored(house: House, package: Path, access: AccessMode | None = None) -> Dossier:
    """Sent, accepted, stored twice and indexed."""
    sip = judged(house, package)
    assert sip.state is SipState.awaiting_decision, codes(house, sip.id)
    dossier_id = accept(house, sip, access=access)
    drain(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Dossier, dossier_id)


def files_of(house: House, dossier_id: UUID) -> dict[str, FileObject]:
    """The dossier's files by the last part of their path."""
    with house.archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(FileObject).where(FileObject.dossier_id == dossier_id))
        return {row.path.rpartition("/")[2]: row for row in rows}


def verbs(house: House) -> list[str]:
    """What the log holds, oldest first."""
    with house.archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(LogEntry.verb).order_by(LogEntry.number)))
