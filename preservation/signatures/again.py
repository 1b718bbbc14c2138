"""Signatures verified again, against today's trust store: the oldest check first, bounded and resumable.

An unchanged verdict moves the row of its check and leaves a line, ids only, for the system object `verdicts`. A changed one
is an incident, and becomes the dossier's next version with its whole evidence.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.digests import Digester, chunks
from archive_service.kernel.errors import ArchiveError, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectMissing, StoreAway
from archive_service.kernel.sandbox import SandboxFailure
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.work import Archive, Work
from preservation.aips.amend import event_of, finish_amendment, propose_amendment, proven_description
from preservation.aips.catalogue import Description
from preservation.aips.store import stores_of
from preservation.incidents.register import open_incident
from preservation.leases import alone
from preservation.models import Amendment, Dossier, DossierState, FileObject, Signature
from preservation.ocfl.store import ObjectDamaged, open_file, read_inventory
from preservation.signatures.check import check_file
from preservation.signatures.facts import SignatureFact
from preservation.watch_models import AuditRun, SignatureCheck

log = logging.getLogger(__name__)
KIND = "signatures"
VERDICTS = "verdicts"
"""Below this key in staging lie the lines of unchanged verdicts until a system object has them."""
BATCH = 50
RECHECK = timedelta(days=1)
"""How soon a file is tried again that could not be read or judged."""
MOST = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """Counts of signatures. `run_id` is None when another process is at it."""

    run_id: UUID | None
    checked: int = 0
    changed: int = 0
    not_checked: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file: its signatures in order, what each is judged now, or why it was not."""

    dossier: Dossier
    file: FileObject
    signatures: Sequence[Signature]
    facts: Sequence[SignatureFact]
    trouble: str = ""

    @property
    def changed(self) -> list[tuple[Signature, SignatureFact]]:
        return [pair for pair in zip(self.signatures, self.facts, strict=False) if differs(*pair)]


def differs(signature: Signature, fact: SignatureFact) -> bool:
    """Whether today's answer is another one: the verdict, or ETSI's reason for it."""
    return (fact["verdict"], fact["sub_indication"]) != (signature.verdict.value, signature.reason)


def signatures_run(archive: Archive, *, limit: int | None = None, early: bool = False) -> SignatureReport:
    """Job: verifies the signatures whose check is due, at most `limit` (`run_objects`) files; `early` also others."""
    with alone(archive, "signatures_run", MOST) as mine:
        if not mine:
            return SignatureReport(None)
        with archive.work(THE_ARCHIVE) as work:
            run = AuditRun(kind=KIND, started_at=work.now())
            work.session.add(run)
        most = limit or archive.settings.run_objects
        due, counts = _due(archive, most, early), [0, 0, 0]
        for number in range(0, len(due), BATCH):
            outcomes = [o for key in due[number : number + BATCH] if (o := _judge(archive, key)) is not None]
            _keep_lines(archive, f"{run.id}-{number:06}", outcomes)
            for outcome in outcomes:
                counts = [a + b for a, b in zip(counts, _settle(archive, outcome), strict=True)]
        with archive.work(THE_ARCHIVE) as work:
            row: AuditRun = work.get(AuditRun, run.id)
            row.finished_at, row.checked, row.faults = work.now(), counts[0], counts[1]
            work.record(Verb.signature_verified, row, checked=counts[0], changed=counts[1])
            if len(due) == most and counts[0] and not early:
                work.owe("signatures_run")
    return SignatureReport(run.id, *counts)


def _due(archive: Archive, most: int, early: bool) -> list[UUID]:
    """Files with a signature that was never verified again, then those whose check is oldest."""
    with archive.look(THE_ARCHIVE) as work:
        never = (
            select(Signature.file_id)
            .outerjoin(SignatureCheck, SignatureCheck.signature_id == Signature.id)
            .where(SignatureCheck.signature_id.is_(None))
            .order_by(Signature.id)
            .limit(most)
        )
        oldest = (
            select(Signature.file_id)
            .join(SignatureCheck, SignatureCheck.signature_id == Signature.id)
            .order_by(SignatureCheck.next_check, SignatureCheck.signature_id)
            .limit(most)
        )
        if not early:
            oldest = oldest.where(SignatureCheck.next_check <= work.now())
        found = dict.fromkeys((*work.session.scalars(never), *work.session.scalars(oldest)))
        return list(found)[:most]


def _judge(archive: Archive, file_id: UUID) -> Outcome | None:
    """Reads the file and asks the sandbox, with no transaction open; None for one that is being changed."""
    with archive.look(THE_ARCHIVE) as work:
        file = work.session.get(FileObject, file_id)
        dossier = work.session.get(Dossier, file.dossier_id) if file else None
        if file is None or dossier is None or dossier.state is DossierState.destroyed:
            return None
        if work.session.get(Amendment, dossier.id) is not None:
            return None
        own = select(Signature).where(Signature.file_id == file_id).order_by(Signature.position)
        signatures = work.session.scalars(own).all()
    with scratch(archive.settings.data / SCRATCH) as folder:
        try:
            _fetch(archive, dossier, file, folder / "file")
            facts = check_file(archive.sandbox, folder / "file", archive.trust_roots, archive.clock.now())
        except (SandboxFailure, TryLater) as error:
            return Outcome(dossier, file, signatures, (), str(error) or type(error).__name__)
    trouble = "" if len(facts) == len(signatures) else f"{len(facts)} signatures found"
    return Outcome(dossier, file, signatures, () if trouble else facts, trouble)


def _fetch(archive: Archive, dossier: Dossier, file: FileObject, target: Path) -> None:
    """The sender's very bytes, from the first copy that still has them: a damaged one must not break a signature."""
    for store in stores_of(archive, dossier.id):
        digester = Digester("sha256")
        try:
            inventory = read_inventory(store, dossier.object_id)
            with open_file(store, inventory, file.path, fresh=True) as stream, target.open("wb") as out:
                for block in chunks(stream):
                    digester.update(block)
                    out.write(block)
        except (StoreAway, ObjectMissing, ObjectDamaged) as error:
            log.warning("%s of %s not read: %s", file.path, dossier.id, error)
            continue
        if digester.hex("sha256") == file.sha256:
            return
    raise TryLater("Chưa đọc được tệp.", "No copy gives the file as it was sent.", name="copies-away")


def _keep_lines(archive: Archive, name: str, outcomes: Sequence[Outcome]) -> None:
    """Bytes first, rows second: what a check said is kept before its row says that it was done."""
    lines = list(_lines(outcomes, archive.clock.now()))
    if lines:
        data = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
        archive.staging.put(f"{VERDICTS}/{name}.jsonl", data.encode())


def _lines(outcomes: Sequence[Outcome], at: datetime) -> Iterator[dict[str, str]]:
    """Ids and codes only: system objects outlive the records that they speak of."""
    for outcome in outcomes:
        for signature, fact in zip(outcome.signatures, outcome.facts, strict=False):
            evidence = json.dumps(fact, sort_keys=True, default=str).encode()
            yield {
                "signature": str(signature.id),
                "at": at.isoformat(),
                "verdict": fact["verdict"],
                "reason": fact["sub_indication"],
                "evidence_sha256": hashlib.sha256(evidence).hexdigest(),
            }


def _settle(archive: Archive, outcome: Outcome) -> tuple[int, int, int]:
    """The rows of one file: (checked, changed, not checked)."""
    if outcome.changed:
        try:
            description = proven_description(archive, outcome.dossier)
            with archive.work(THE_ARCHIVE) as work:
                _note_checks(work, outcome)
                _note_changes(work, outcome, description)
            finish_amendment(archive, str(outcome.dossier.id))
        except ArchiveError as error:
            # Decided or not, it is taken up again: by its job, or because its check is still due.
            log.warning("signatures of %s wait: %s", outcome.file.id, error)
    else:
        with archive.work(THE_ARCHIVE) as work:
            _note_checks(work, outcome)
    if outcome.trouble:
        return 0, 0, len(outcome.signatures)
    return len(outcome.signatures), len(outcome.changed), 0


def _note_checks(work: Work, outcome: Outcome) -> None:
    now = work.now()
    following = now + (RECHECK if outcome.trouble else timedelta(days=work.settings.signature_days))
    for signature in outcome.signatures:
        if work.session.get(Signature, signature.id) is None:
            return  # destroyed meanwhile
        row = work.session.get(SignatureCheck, signature.id)
        if row is None:
            row = SignatureCheck(signature_id=signature.id, checked_at=now, next_check=following)
            work.session.add(row)
        row.checked_at, row.next_check = (row.checked_at if outcome.trouble else now), following
    if outcome.trouble:
        dossier = work.session.get_one(Dossier, outcome.dossier.id)
        path = outcome.file.path
        open_incident(work, "signature-not-checked", dossier=dossier, path=path, found=outcome.trouble)


def _note_changes(work: Work, outcome: Outcome, description: Description) -> None:
    dossier: Dossier = work.get(Dossier, outcome.dossier.id)
    for signature, fact in outcome.changed:
        before = f"{signature.verdict.value} {signature.reason}".strip()
        after = f"{fact['verdict']} {fact['sub_indication']}".strip()
        path = f"{outcome.file.path}#{signature.position}"
        open_incident(work, "signature-changed", dossier=dossier, path=path, found=after, expected=before)
        work.record(Verb.signature_changed, dossier, signature=signature.id, before=before, after=after)
        _put(description, outcome.file.path, signature.position, fact)
        detail = f"{path}: {before} → {after}"
        event = event_of("digital signature validation", work.now(), detail)
        description["events"] = [*description.get("events", ()), event]
    propose_amendment(work, dossier.id, description, "Kiểm tra lại chữ ký số: kết luận thay đổi")


def _put(description: Description, path: str, position: int, fact: SignatureFact) -> None:
    for each in description["signatures"]:
        if (each["path"], each["position"]) == (path, position):
            each["verdict"], each["reason"] = fact["verdict"], fact["sub_indication"]
            each["evidence"] = json.loads(json.dumps(fact, default=str))
