"""Papers of audits and incidents: drawn by typst or written as a sheet, kept by their digest, carried to every root."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import Actor
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.db import new_id
from archive_service.kernel.errors import Missing
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.incidents.register import visible_incident
from preservation.papers import read_kept
from preservation.watch_models import AuditPaper

FOLDER = "papers/audits"


def told(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}" if at else ""


def keep_bytes(archive: Archive, content: bytes) -> tuple[str, str]:
    """Bytes first, row second. Returns (key, sha256); the same bytes again are the same paper."""
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"{FOLDER}/{sha256}"
    archive.staging.put(key, content)
    return key, sha256


def enter_paper(
    work: Work, kind: str, name: str, kept: tuple[str, str], *, incident_id: UUID | None = None, year: int = 0
) -> AuditPaper:
    if work.actor.id is None:
        raise RuntimeError("a paper is made by a person")
    paper = AuditPaper(
        id=new_id(),
        kind=kind,
        incident_id=incident_id,
        year=year or None,
        name=name,
        key=kept[0],
        sha256=kept[1],
        made_at=work.now(),
        made_by=work.actor.id,
    )
    work.session.add(paper)
    work.session.flush()
    work.record_of(
        Verb.audit_paper_made, "audit_paper", incident_id or paper.id, name=name, sha256=paper.sha256
    )
    work.owe("write_system_objects")
    return paper


def list_audit_papers(work: Work, *, incident_id: UUID | None = None, kind: str = "") -> list[AuditPaper]:
    query = select(AuditPaper).order_by(AuditPaper.made_at.desc(), AuditPaper.id)
    if incident_id is not None:
        query = query.where(AuditPaper.incident_id == incident_id)
    if kind:
        query = query.where(AuditPaper.kind == kind)
    return list(work.session.scalars(query))


def every_paper(work: Work) -> Iterator[AuditPaper]:
    """For the system objects that carry them to the storage roots; each bytes once."""
    seen: set[str] = set()
    for paper in work.session.scalars(select(AuditPaper).order_by(AuditPaper.id)):
        if paper.sha256 not in seen:
            seen.add(paper.sha256)
            yield paper


def load_audit_paper(archive: Archive, paper: AuditPaper) -> bytes:
    """The bytes, their digest compared. Raises `PaperDamaged`."""
    return read_kept(archive, paper.name, paper.key, paper.sha256)


def read_audit_paper(archive: Archive, actor: Actor, paper_id: UUID) -> tuple[AuditPaper, bytes]:
    """A paper for a person, in the log before its first byte."""
    with archive.work(actor) as work:
        scope = work.allow(Permission.see_fixity)
        paper: AuditPaper = work.get(AuditPaper, paper_id)
        if paper.incident_id is not None:
            visible_incident(work, paper.incident_id)
        elif not scope.everything:  # papers of a year tell of every dossier
            raise Missing
        work.record(Verb.audit_paper_read, paper, name=paper.name, sha256=paper.sha256)
    return paper, load_audit_paper(archive, paper)
