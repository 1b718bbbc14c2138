"""Minutes and logs are PDF/A by another's judgement; passwords stand in no list of processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

from archive_service.backup.catalogue import list_sets
from archive_service.backup.checks import find_set
from archive_service.backup.drill import drill_rebuild
from archive_service.backup.newer import Newer
from archive_service.backup.papers import backup_log, drill_minutes, restore_minutes
from archive_service.backup.restore import restore
from archive_service.backup.servers import _environment
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from tests.backup.conftest import Safe
from tests.judges.java import Verdict


def test_every_paper_is_pdf_a(
    safe: Safe, tmp_path: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    report = safe.run()
    with safe.archive.look(THE_ARCHIVE) as work:
        rows = list_sets(work)
    store, medium, set_id = find_set(safe.archive, report.set_id, None)
    into = f"sqlite:///{tmp_path / 'moi.db'}"
    brought = restore(safe.archive, store, medium, set_id, safe.identities, into=into)
    brought.newer = Newer(stored=1, examples=["urn:uuid:0190a7c4-0000-7000-8000-000000000001"])
    made = {
        "minutes": safe.part(report, "minutes.pdf").read_bytes(),
        "log": backup_log(safe.archive, rows, "Năm 2026"),
        "restore": restore_minutes(safe.archive, brought),
        "drill": drill_minutes(safe.archive, drill_rebuild(safe.archive, OPERATOR)),
    }
    paths = []
    for name, content in made.items():
        paths.append(tmp_path / f"{name}.pdf")
        paths[-1].write_bytes(content)
    verdict = verapdf(paths, "2b")
    assert (verdict.accepted, verdict.examined) == (True, 4), verdict.said


def test_the_password_goes_by_the_environment() -> None:
    url = make_url("postgresql+psycopg://kho:bi-mat@db:5433/kho?sslmode=require")
    given = _environment(url)
    assert (given["PGPASSWORD"], given["PGHOST"], given["PGPORT"]) == ("bi-mat", "db", "5433")
    assert given["PGSSLMODE"] == "require"
