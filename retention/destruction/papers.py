"""The papers of a list: the council's minutes and the certificate, kept by their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import Actor
from archive_service.kernel.errors import Missing
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.papers import read_kept
from retention.models import DestructionList

Which = Literal["minutes", "certificate"]
FOLDER = "papers"


@dataclass(frozen=True, slots=True)
class Paper:
    """`key` names the bytes in the staging store; `name` is what a download is called."""

    list_id: UUID
    which: Which
    name: str
    key: str
    sha256: str


def keep_paper(archive: Archive, list_id: UUID, which: Which, content: bytes) -> tuple[str, str]:
    """Stores the bytes under a key made of their digest and returns (key, sha256).

    Bytes first, row second: a paper whose act then fails lies there unnamed and harms nothing; the same bytes again
    are the same paper.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"{FOLDER}/{list_id}/{which}-{sha256[:32]}"
    archive.staging.put(key, content)
    return key, sha256


def paper_of(listed: DestructionList, which: Which) -> Paper:
    """Raises `Missing` when the list has no such paper."""
    stem, key, sha256 = {
        "minutes": ("bien-ban-hop", listed.minutes_key, listed.minutes_sha256),
        "certificate": ("bien-ban-huy", listed.certificate_key, listed.certificate_sha256),
    }[which]
    if not key:
        raise Missing
    return Paper(listed.id, which, f"{stem}-{listed.number.replace('/', '-')}", key, sha256)


def list_papers(work: Work) -> Iterator[Paper]:
    """Every paper that a row names, for the system objects that carry them to the storage roots."""
    for listed in work.session.scalars(select(DestructionList).order_by(DestructionList.id)):
        if listed.minutes_key:
            yield paper_of(listed, "minutes")
        if listed.certificate_key:
            yield paper_of(listed, "certificate")


def load_paper(archive: Archive, paper: Paper) -> bytes:
    """The bytes, their digest compared. Raises `PaperDamaged`."""
    return read_kept(archive, paper.name, paper.key, paper.sha256)


def read_paper(archive: Archive, actor: Actor, list_id: UUID, which: Which) -> tuple[Paper, bytes]:
    """A paper for a person, in the log before its first byte."""
    with archive.work(actor) as work:
        work.allow(Permission.see_retention)
        listed: DestructionList = work.get(DestructionList, list_id)
        work.allow_on(Permission.see_retention, listed.unit_id, listed.fonds_id)
        paper = paper_of(listed, which)
        work.record(Verb.paper_read, listed, paper=which, sha256=paper.sha256)
    return paper, load_paper(archive, paper)
