"""From a received container to a judged submission: fetch, judge, find out whose it is, keep what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import insert_rows, storable
from archive_service.kernel.digests import Digester, chunks
from archive_service.kernel.events import Verb
from archive_service.kernel.findings import Finding, Severity
from archive_service.kernel.scratch import SCRATCH
from archive_service.kernel.scratch import scratch as folder_for
from archive_service.work import Archive, Work
from ingest.checks import Circumstances, Examination
from ingest.identity import (
    Belonging,
    belonging,
    conflict,
    content_digest,
    earlier_try,
    is_destroyed,
    kept_dossier,
    outside_scope,
    same_identity,
)
from ingest.judge import Judgement, judge
from ingest.models import Sip, SipFile, SipFinding, SipState
from ingest.unpack import Limits
from preservation.description import DossierDescription, accessors
from preservation.description.model import LONGEST_CODE


class StagingDamaged(Exception):
    """The container in staging no longer is what was received: our fault, never the producer's."""


def process_sip(archive: Archive, sip_id: str) -> None:
    """Job: judges a received submission. Interrupted anywhere, it starts over; nothing is kept before the end."""
    with archive.work(THE_ARCHIVE) as work:
        sip: Sip = work.get(Sip, UUID(sip_id))
        if sip.state is SipState.received:
            work.move(Sip, sip.id, of=SipState.received, to=SipState.checking)
        elif sip.state is not SipState.checking:
            return
    with scratch(archive) as folder:
        container = fetch(archive, sip, folder)
        judgement = judge(container, sip.media_type, circumstances(archive), folder, limits(archive))
        keep(archive, sip.id, judgement)


def scratch(archive: Archive) -> AbstractContextManager[Path]:
    """A folder for one job's unpacked copy, gone with the job."""
    return folder_for(archive.settings.data / SCRATCH)


def fetch(archive: Archive, sip: Sip, folder: Path) -> Path:
    """The staged container on local disk, compared with the digest of its arrival."""
    target, digester = folder / "container", Digester("sha256")
    with archive.staging.open(sip.staged_key) as source, target.open("wb") as out:
        for block in chunks(source):
            digester.update(block)
            out.write(block)
    if digester.hex("sha256") != sip.container_sha256:
        raise StagingDamaged(
            f"{sip.staged_key}: {digester.hex('sha256')}, received as {sip.container_sha256}"
        )
    return target


def circumstances(archive: Archive) -> Circumstances:
    settings = archive.settings
    return Circumstances(
        rules=archive.rules,
        sandbox=archive.sandbox,
        now=archive.clock.now(),
        malware=None if settings.malware == "none" else settings.malware,
        trust_roots=archive.trust_roots,
        max_scan_bytes=settings.malware_max_bytes,
    )


def limits(archive: Archive) -> Limits:
    return Limits(total_bytes=archive.settings.max_unpacked_bytes, files=archive.settings.max_files)


def keep(archive: Archive, sip_id: UUID, judgement: Judgement) -> None:
    """One transaction: the verdict, and the state that follows from it."""
    with archive.work(THE_ARCHIVE) as work:
        work.pass_gate()  # two packages of the same dossier are told apart one after the other
        sip: Sip = work.get(Sip, sip_id)
        values: dict[str, Any] = {"steps": judgement.steps, "checked_at": work.now()}
        state = SipState.awaiting_decision
        examination = judgement.examination
        findings = list(judgement.findings)
        if judgement.secret:
            state = SipState.refused
        elif examination is not None and examination.description is not None:
            state, more, learned = _identify(work, sip, examination, examination.description)
            findings += more
            values |= learned
        counted = Judgement(findings).counts(archive.rules)
        values |= {"errors": counted[Severity.error], "warnings": counted[Severity.warning]}
        values |= {"notes": counted[Severity.note]}
        if state is not SipState.awaiting_decision:
            values |= {
                "description": {}
            }  # nothing is decided on it: no second place that a destruction must reach
        elif examination is not None:
            _keep_files(work, sip_id, examination)
        _keep_findings(work, sip_id, findings)
        work.move(Sip, sip_id, of=SipState.checking, to=state, **values)
        verb = Verb.sip_duplicate if state is SipState.duplicate else Verb.sip_checked
        work.record(verb, sip, outcome=state.value, findings=[f.code for f in findings][:200])
        if state is not SipState.awaiting_decision:
            work.later("erase_staged", sip_id)


def _identify(
    work: Work, sip: Sip, examination: Examination, description: DossierDescription
) -> tuple[SipState, list[Finding], dict[str, Any]]:
    code, digest = accessors.dossier_code(description).code, content_digest(examination.facts)
    code = code if len(code) <= LONGEST_CODE else ""  # an error of its own: it is no identity
    place = belonging(work, sip, description)
    if place is None:
        return SipState.refused, [outside_scope(description)], {"content_digest": digest}
    learned = _learned(work, place, examination, description) | {
        "dossier_code": code,
        "content_digest": digest,
    }
    others = list(same_identity(work, sip, place.agency_id, code)) if code else []
    kept = kept_dossier(work, place.agency_id, code) if code else None
    twin = next((other for other in others if other.content_digest == digest), None)
    # "Duplicate" tells the sender that we have it: of a destroyed dossier that is not so.
    if twin is not None and not is_destroyed(kept):
        return SipState.duplicate, [], learned | {"duplicate_of": twin.id, "dossier_id": twin.dossier_id}
    if others or kept is not None:
        return SipState.refused, [conflict(kept, code)], learned
    learned |= earlier_try(work, sip, place.agency_id, code)
    return SipState.awaiting_decision, [], learned


def _learned(
    work: Work, place: Belonging, examination: Examination, description: DossierDescription
) -> dict[str, Any]:
    payload = [f for path, f in examination.facts.items() if path.startswith("data/")]
    start = accessors.start_date(description)
    mode = accessors.dossier_access(description, work.rules)
    formed = start.earliest if start else None
    return {
        **asdict(place),
        "title": description.tags.get("Title", "")[:1000],
        "description": plain(description),
        "document_count": len(description.documents),
        "file_count": len(payload),
        "byte_count": sum(f.size for f in payload),
        "access": "closed" if mode == "secret" else mode,
        "regime": work.rules.regime(formed) if formed else "TT02_2019",
    }


def plain(description: DossierDescription) -> dict[str, Any]:
    """The description as JSON values; `described` is its inverse."""
    documents = [{"tags": dict(d.tags), "files": list(d.files)} for d in description.documents]
    return {"tags": dict(description.tags), "documents": documents}


def _keep_files(work: Work, sip_id: UUID, examination: Examination) -> None:
    work.session.execute(delete(SipFile).where(SipFile.sip_id == sip_id))
    owners = _owners(examination.description)
    rows = (
        {
            "sip_id": sip_id,
            "number": number,
            "path": path,
            "document_ordinal": owners.get(path),
            "size": fact.size,
            "sha256": fact.sha256,
            "sha512": fact.sha512,
            "puid": fact.puid,
            "format_name": fact.format_name[:200],
            "mime": fact.mime[:120],
            "pages": fact.pages,
            "malware": fact.malware,
            "signatures": storable(list(fact.signatures)),
        }
        for number, (path, fact) in enumerate(sorted(examination.facts.items()), start=1)
    )
    while page := list(islice(rows, 500)):  # past the session: a package may have 200,000 files
        insert_rows(work.session, SipFile, page)


def _owners(description: DossierDescription | None) -> dict[str, int]:
    documents: Sequence[Any] = description.documents if description else ()
    return {path: number for number, each in enumerate(documents, start=1) for path in each.files}


def _keep_findings(work: Work, sip_id: UUID, findings: Sequence[Finding]) -> None:
    work.session.execute(delete(SipFinding).where(SipFinding.sip_id == sip_id))
    work.session.add_all(
        SipFinding(
            sip_id=sip_id,
            number=number,
            code=finding.code,
            severity=work.rules.severity(finding),
            path=storable(finding.path),
            got=storable(finding.got),
            expected=storable(finding.expected),
        )
        for number, finding in enumerate(findings, start=1)
    )
