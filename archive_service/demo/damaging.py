"""One bit of one copy turns over, as disks do; the audit names copy and file, and the copy is made whole again."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.demo.destroying import dossier_of
from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.work import Archive
from preservation.audits.fixity import fixity_run
from preservation.audits.restore import restore_copy
from preservation.incidents.register import close_incident
from preservation.models import Dossier, FileObject
from preservation.ocfl.store import content_key, read_inventory
from preservation.watch_models import Incident

DAMAGED, COPY, AUDITOR = "03.QLXD", "ban-sao", "kiemtra"


def damage_one(stage: Stage, teller: Teller) -> None:
    """Flips, audits, restores, and closes the incident."""
    teller.act(
        "Một bit ở một bản bị lật; kiểm tra toàn vẹn tìm ra",
        "A bit of one copy flips; the audit finds it",
        "/fixity",
    )
    dossier, auditor = dossier_of(stage, DAMAGED), stage.actor(AUDITOR)
    flip_bit(stage.archive, dossier, COPY)
    report = fixity_run(stage.archive, early=True)
    incident = _incident(stage, dossier)
    teller.result(
        f"Đọc lại {report.checked} bản, {report.faults} lỗi: bản sao 2, tệp {incident.path}",
        f"{report.checked} copies read back, {report.faults} fault: copy {incident.root_id}, {incident.path}",
    )
    restore_copy(stage.archive, auditor, dossier.id, COPY)
    again = fixity_run(stage.archive, early=True)
    with stage.archive.work(auditor) as work:
        close_incident(work, incident.id, "Đã khôi phục từ bản tốt, đọc lại khớp.")
    teller.result(
        f"Khôi phục từ bản kia; đọc lại {again.checked} bản, {again.faults} lỗi",
        f"Restored from the other copy; {again.checked} copies read back, {again.faults} faults",
    )


def _incident(stage: Stage, dossier: Dossier) -> Incident:
    with stage.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(Incident).where(Incident.dossier_id == dossier.id)).one()


def flip_bit(archive: Archive, dossier: Dossier, root_id: str) -> str:
    """Turns the last bit of the dossier's largest file over in that root alone; returns the file's logical path."""
    with archive.look(THE_ARCHIVE) as work:
        own = select(FileObject).where(FileObject.dossier_id == dossier.id).order_by(FileObject.size.desc())
        file = work.session.scalars(own.limit(1)).one()
    store = archive.stores[root_id]
    key = content_key(read_inventory(store, dossier.object_id), file.sha512)
    with store.open(key) as stream:
        content = bytearray(stream.read())
    content[-1] ^= 1
    store.put(key, bytes(content))
    return file.path
