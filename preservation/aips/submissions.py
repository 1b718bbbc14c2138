"""What is left of a dossier in the rows of its submissions, the returned and repeated ones included.

Submissions belong to the room above; only their tables and columns are named here, so that erasing stays one verb.
"""

from __future__ import annotations

from sqlalchemy import Uuid, and_, column, delete, or_, select, table, update

from archive_service.kernel.db import Json
from archive_service.work import Work
from preservation.models import Dossier

SIP = table(
    "sip",
    column("id", Uuid()),
    column("agency_id", Uuid()),
    column("dossier_code"),
    column("dossier_id", Uuid()),
    column("title"),
    column("container_name"),
    column("description", Json),
    column("reason"),
)
PARTS = (table("sip_file", column("sip_id", Uuid())), table("sip_finding", column("sip_id", Uuid())))
TABLES = (SIP.name, *(part.name for part in PARTS))


def forget_submissions(work: Work, dossier: Dossier) -> None:
    """Leaves of each try its id, state, times, digests and counts; the title that the tombstone keeps stands in."""
    same = and_(SIP.c.agency_id == dossier.agency_id, SIP.c.dossier_code == dossier.code)
    mine = or_(SIP.c.dossier_id == dossier.id, same)
    for part in PARTS:
        work.session.execute(delete(part).where(part.c.sip_id.in_(select(SIP.c.id).where(mine))))
    emptied = {"title": dossier.title, "container_name": "", "description": {}, "reason": ""}
    work.session.execute(update(SIP).where(mine).values(emptied))
