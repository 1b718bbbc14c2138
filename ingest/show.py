"""What was found in a submission, for those who may see it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.work import Work
from ingest.accept import visible_sip
from ingest.models import SipFinding


def list_findings(
    work: Work, secret: bytes, sip_id: UUID, *, limit: int = 200, cursor: str | None = None
) -> Listed[SipFinding]:
    """In the order in which they were found. Raises `Missing`."""
    visible_sip(work, sip_id)
    bound = f"{work.actor.id}/findings/{sip_id}"
    after = int(str(read_cursor(secret, bound, cursor)[0])) if cursor else 0
    rows = work.session.scalars(
        select(SipFinding)
        .where(SipFinding.sip_id == sip_id, SipFinding.number > after)
        .order_by(SipFinding.number)
        .limit(limit_of(limit) + 1)
    ).all()
    onward = make_cursor(secret, bound, [rows[limit - 1].number]) if len(rows) > limit else None
    return Listed(rows[:limit], onward)
