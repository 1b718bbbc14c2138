"""Real AIPs for tests, stored without the long way of a submission: bag, roots, read-back, rows."""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.aips.build import Intake, IntakeFile
from preservation.aips.store import enter_aip, store_aip
from preservation.audits.fixity import RunReport, fixity_run
from preservation.bagit.check import check_bag
from preservation.models import AccessMode, Copy, CopyState, Dossier
from preservation.ocfl.layout import object_path
from preservation.watch_models import Incident
from tests.archives import House
from tests.builders import BagBuilder, description_of

Signed = Mapping[str, tuple[Mapping[str, Any], ...]]
ORIGINAL = "submission/data/000.00.12.H43.2020.31.TTr.001.pdf"


def keep(
    house: House, number: int = 1, *, signed: Signed | None = None, access: str = "public", **bag: Any
) -> UUID:
    """A dossier in every root of the house and in its catalogue; another number is another code."""
    code = f"000.00.12.H43.2020.{number}.TTr"
    builder = BagBuilder(
        **{"documents": 2, "dossier": {"FileCode": code, "FileNotation": f"{number}.TTr"}, **bag}
    )
    with tempfile.TemporaryDirectory() as folder:
        root = builder.build(Path(folder) / "bag")
        intake = intake_of(house, root, signed=signed, access=access)
        stored = store_aip(house.archive, intake, root, Path(folder))
        with house.archive.work(THE_ARCHIVE) as work:
            return enter_aip(work, stored).id


def intake_of(house: House, bag: Path, *, signed: Signed | None = None, access: str = "public") -> Intake:
    """The bag as an accepted submission of the house's agency."""
    files = tuple(
        IntakeFile(
            path=path,
            size=each.size,
            sha256=each.digests["sha256"],
            sha512=each.digests["sha512"],
            puid="fmt/95" if signed and path in signed else "",
            mime=mimetypes.guess_type(path)[0] or "",
            signatures=tuple((signed or {}).get(path, ())),
        )
        for path, each in sorted(check_bag(bag).learned.items())
    )
    return Intake(
        dossier_id=uuid4(),
        agency_id=house.agency.id,
        unit_id=house.unit.id,
        fonds_id=house.fonds.id,
        regime="TT02_2019",
        access=AccessMode(access),
        unknown_access=AccessMode.closed,
        description=description_of(bag),
        files=files,
        accepted_at=house.clock.now(),
        submission={"sip_id": str(uuid4()), "accepted_by": str(house.people["officer"].id)},
    )


def dossier_of(archive: Archive, dossier_id: UUID) -> Dossier:
    with archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Dossier, dossier_id)


def place(house: House, dossier_id: UUID, root: str = "ban-sao") -> Path:
    """The folder of the dossier's object in that root."""
    number = {"kho-chinh": "1", "ban-sao": "2"}[root]
    base = house.archive.settings.data / "storage" / number
    return base / object_path(dossier_of(house.archive, dossier_id).object_id)


def content(house: House, dossier_id: UUID, root: str = "ban-sao") -> Path:
    """A content file of the submission in that root."""
    return next((place(house, dossier_id, root) / "v1/content").rglob("*001.pdf"))


def flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def audit(house: House) -> RunReport:
    """Every copy read now, whether its time has come or not."""
    return fixity_run(house.archive, early=True)


def states(archive: Archive, dossier_id: UUID) -> dict[str, CopyState]:
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(Copy).where(Copy.dossier_id == dossier_id))
        return {row.root_id: row.state for row in rows}


def incidents(archive: Archive) -> list[Incident]:
    with archive.look(THE_ARCHIVE) as work:
        return list(work.session.scalars(select(Incident).order_by(Incident.opened_at, Incident.id)))


def unplug(house: House) -> None:
    """The disk of `ban-sao` goes away and leaves its empty mount point."""
    root = house.archive.settings.data / "storage/2"
    root.rename(root.with_name("unplugged"))
    root.mkdir()
