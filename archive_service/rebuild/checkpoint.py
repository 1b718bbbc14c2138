"""How far a rebuild came, so that an interrupted one goes on: its two long steps, the dossiers and the index.

Beside the database stands a file with the report so far and a digest of everything that was looked at: another root, a
newer marker, another version of the software, and the rebuild begins anew. What comes between the two steps takes
minutes and is begun anew, too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from archive_service.kernel.db import open_engine
from archive_service.kernel.log import LogFault
from archive_service.kernel.objects import disk
from archive_service.kernel.state import ArchiveState
from archive_service.rebuild.found import Seen
from archive_service.rebuild.report import RebuildReport
from archive_service.rebuild.swap import REBUILDING

FILE = "rebuild.json"
Step = Literal["dossiers", "index"]


@dataclass(slots=True)
class Checkpoint:
    """`note` is what the archive's state in the half-built database says: that it is of this very rebuild."""

    file: Path
    note: str

    @classmethod
    def of(cls, data: Path, seen: Seen, *settings: object) -> Checkpoint:
        """`settings`: whatever else two rebuilds must share for one to go on where the other ended."""
        facts = [version("archive-service"), *map(str, settings), seen.fingerprint()]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return cls(data / FILE, f"{REBUILDING} {digest}")

    def reached(self, step: Step, report: RebuildReport) -> None:
        """From now on an interrupted rebuild goes on with `step`."""
        kept = {"note": self.note, "step": step, "report": asdict(report)}
        new = self.file.with_suffix(".new")
        new.unlink(missing_ok=True)
        disk.write_file(new, json.dumps(kept, default=str).encode())
        new.replace(self.file)

    def forget(self) -> None:
        """From now on it begins anew."""
        self.file.unlink(missing_ok=True)

    def found(self, url: str) -> tuple[Step, RebuildReport] | None:
        """Where the rebuild into `url` goes on, and its report so far; None when it must begin anew."""
        try:
            kept = json.loads(self.file.read_bytes())
            if kept["note"] != self.note or _note_in(url) != self.note:
                return None
            return kept["step"], _report(kept["report"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _note_in(url: str) -> str:
    engine = open_engine(url)
    try:
        if not inspect(engine).has_table(ArchiveState.__tablename__):
            return ""
        with engine.connect() as connection:
            return connection.execute(select(ArchiveState.note)).scalar() or ""
    except SQLAlchemyError:
        return ""
    finally:
        engine.dispose()


def _report(plain: dict[str, object]) -> RebuildReport:
    report = RebuildReport(**{each.name: plain[each.name] for each in fields(RebuildReport)})  # type: ignore[arg-type]
    report.log_faults = [LogFault(**each) for each in plain["log_faults"]]  # type: ignore[attr-defined]
    report.kept = None
    return report
