"""The audit log proven: against the anchors in the roots, or as an export that an inspector proves without us."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from archive_service.kernel import log
from archive_service.kernel.actors import OPERATOR, Actor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.log import Anchor, Line, LogFault
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.work import Archive
from preservation.roots import anchors_outside

FORMAT = "urn:vn-archive:log-export:1"


def verify_log(archive: Archive) -> list[LogFault]:
    """Every fault of the log in the database: the chain, its details, its columns, and the anchors in the markers."""
    anchors = anchors_outside(archive)
    with archive.look(OPERATOR) as work:
        chain = list(log.verify(log.lines_from(work.session), anchors, archive.keys.public))
        return chain + list(log.index_faults(work.session))


def export_log(archive: Archive, out: Path, actor: Actor = OPERATOR) -> int:
    """Writes the whole log as JSON lines: a header with key and anchors, then the entries; returns how many entries.

    Each entry is the very bytes that were hashed, as a string, and its detail where that was not erased. The newest
    anchor is made for the export, so that its end is covered too.
    """
    outside = anchors_outside(archive)
    with archive.work(actor) as work:
        work.allow(Permission.read_log)
        work.record_of(Verb.log_exported, "log", None)
    with archive.look(actor) as work, out.open("w", encoding="utf-8") as lines:
        newest = log.sign_head(work.session, archive.keys.log)
        header = {
            "format": FORMAT,
            "archive": str(archive_state(work.session).archive_id),
            "public_key": archive.keys.public_pem(),
            "anchors": [asdict(each) for each in (*outside, newest)],
        }
        lines.write(json.dumps(header) + "\n")
        for line in log.lines_from(work.session):
            entry = {"body": line.body.decode(), "salt": line.salt, "detail": line.detail}
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return newest.number


@dataclass(frozen=True, slots=True)
class ExportReport:
    """`key_sha256`: the digest of the key that the anchors were proven with; compare it with the published one."""

    entries: int
    faults: list[LogFault]
    key_sha256: str
    archive: str


def verify_export(
    path: Path, *, key_pem: bytes | None = None, anchors: Sequence[Anchor] = ()
) -> ExportReport:
    """Proves an export without any database. `key_pem` and `anchors` (from certificates, receipts) are known otherwise.

    Without `key_pem` the export's own key is taken: then the export proves no more than that it is whole in itself.
    Raises `NotPossible` for a file that is no export.
    """
    with path.open(encoding="utf-8") as lines:
        header = _header(lines.readline())
        key = load_pem_public_key(key_pem or header["public_key"].encode())
        if not isinstance(key, Ed25519PublicKey):
            raise _no_export(path)
        wanted = [*(Anchor(**each) for each in header["anchors"]), *anchors]
        counted = _Counted(lines)
        faults = list(log.verify(counted, wanted, key))
    digest = hashlib.sha256(key.public_bytes_raw()).hexdigest()
    return ExportReport(counted.count, faults, digest, str(header["archive"]))


class _Counted:
    """The entries of an export, counted as they pass."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[Line]:
        for line in self._lines:
            self.count += 1
            try:
                entry = json.loads(line)
                yield Line(str(entry["body"]).encode(), entry["salt"], entry["detail"])
            except (ValueError, KeyError, TypeError):
                yield Line(b"")


def _header(line: str) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(line)
        if header["format"] == FORMAT:
            return header
    except (ValueError, KeyError, TypeError):
        pass
    raise _no_export(None)


def _no_export(path: Path | None) -> NotPossible:
    return NotPossible(
        "Tệp này không phải bản xuất nhật ký của kho.",
        f"{path.name if path else 'This file'} is no export of an audit log.",
        name="no-log-export",
    )
