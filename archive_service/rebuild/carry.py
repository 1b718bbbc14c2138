"""What storage cannot give, out of a restored backup: passwords, undecided submissions, details of the log.

The rebuilt catalogue is newer than the backup, and it wins: a row is carried only where the new catalogue has none and
everything it points to is there. What the log says happened since (a password changed, a token ended, a package returned,
a dossier destroyed) is done again to what was carried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogDetail, LogEntry, LogHead, detail_fits
from archive_service.kernel.people import Token
from archive_service.kernel.rows import table_of
from archive_service.kernel.state import archive_state
from archive_service.rebuild.snapshots import models
from archive_service.work import Archive, Work
from ingest.after_rebuild import go_on, settle_returned, settle_stored
from preservation.aips.submissions import forget_submissions
from preservation.models import Dossier, DossierState

#: In the order in which foreign keys let them in.
CARRIED = (
    "password", "token", "log_detail", "sip", "sip_finding", "sip_file",
    "signature_check", "audit_run", "fixity_snapshot", "backup_set", "drill",
)  # fmt: skip
#: Operational, and why it begins anew.
LEFT: Mapping[str, str] = {
    "archive_state": "made by the rebuild", "gate": "made by the rebuild", "log_head": "made by the rebuild",
    "storage_root": "found in the roots", "copy": "found in the roots", "system_object": "found in the roots",
    "kept_paper": "found in the roots", "indexed": "the index is made anew", "timetable": "made by the rebuild",
    "job": "queued anew for what is carried", "lease": "of processes that are gone",
    "amendment": "finished or undone in the roots since", "browser_session": "people sign in anew",
    "posted_form": "of sessions that are gone", "login_attempts": "a minute's memory",
    "canary_check": "the next audit hears them", "alarm": "sent, or raised anew by what is still open",
}  # fmt: skip
PAGE = 300


def carry(target: Archive, backup: str) -> dict[str, int]:
    """Rows carried from the database `backup` by table. Raises `NotPossible` when that is of another archive."""
    engine, counts = open_engine(backup), dict[str, int]()
    try:
        with Session(engine) as old:
            _require_same_archive(target, old)
            head = old.scalar(select(func.max(LogHead.number))) or 0
            for name in CARRIED:
                pages = _pages(old, table_of(models()[name]))
                counts[name] = sum(_carry_page(target, name, page, head) for page in pages)
    finally:
        engine.dispose()
    with target.work(OPERATOR) as work:
        _do_again(work, head)
    _settle_dossiers(target)
    with target.work(OPERATOR) as work:
        go_on(work)
    return counts


def _require_same_archive(target: Archive, old: Session) -> None:
    with target.look(OPERATOR) as work:
        if archive_state(work.session).archive_id != archive_state(old).archive_id:
            raise NotPossible(
                "Cơ sở dữ liệu nêu ở --carry thuộc về kho lưu trữ khác.",
                "The database of --carry belongs to another archive.",
                name="foreign-backup",
            )


def _pages(old: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(*table.columns).order_by(*table.primary_key).execution_options(yield_per=PAGE)
    for page in old.execute(query).partitions(PAGE):
        yield [dict(zip(table.columns.keys(), row, strict=True)) for row in page]


def _carry_page(target: Archive, name: str, page: list[dict[str, Any]], head: int) -> int:
    table = table_of(models()[name])
    with target.work(OPERATOR) as work:
        rows = _without_parents(work, table, _not_there(work, table, page))
        if (
            name == "password"
        ):  # one that was changed since is worth nothing, and the new one is not in the backup
            changed = set(_subjects(work, head)(Verb.password_changed))
            rows = [row for row in rows if row["person_id"] not in changed]
        if name == "log_detail":
            rows = _of_equal_entries(work, rows)
        if rows:
            work.session.execute(table.insert(), rows)
    return len(rows)


def _not_there(work: Work, table: Table, page: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    names = list(table.primary_key)
    keys = [tuple(row[key.key] for key in names) for row in page]
    there = {tuple(row) for row in work.session.execute(select(*names).where(tuple_(*names).in_(keys)))}
    return [row for row, key in zip(page, keys, strict=True) if key not in there]


def _without_parents(work: Work, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose parents are there; a row may point to one of its own page."""
    for column in table.columns:
        for parent in (key.column for key in column.foreign_keys):
            wanted = {row[column.key] for row in rows if row[column.key] is not None}
            there = set(work.session.scalars(select(parent).where(parent.in_(wanted)))) if wanted else set()
            if parent.table is table:
                there |= {row[parent.key] for row in rows}
            rows = [row for row in rows if row[column.key] is None or row[column.key] in there]
    return rows


def _of_equal_entries(work: Work, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A detail belongs to the entry that was hashed over it: one whose salt and text give another digest is left."""
    numbers = [row["number"] for row in rows]
    entries = select(LogEntry.number, LogEntry.body).where(LogEntry.number.in_(numbers))
    bodies = {row.number: row.body for row in work.session.execute(entries)}
    return [row for row in rows if detail_fits(bodies[row["number"]], row["salt"], row["detail"])]


def _do_again(work: Work, head: int) -> None:
    """What happened after the backup, as the log that storage kept tells it."""
    since = _subjects(work, head)
    ended = since(Verb.token_ended)
    work.session.execute(update(Token).where(Token.id.in_(ended)).values(ended_at=work.now()))
    erased = [int(key) for key in since(Verb.detail_erased, plain=True) if str(key).isdigit()]
    work.session.execute(delete(LogDetail).where(LogDetail.number.in_(erased)))
    settle_returned(work, since(Verb.sip_returned), since(Verb.sip_refused))


def _subjects(work: Work, head: int) -> Any:
    def since(verb: Verb, plain: bool = False) -> list[Any]:
        found = select(LogEntry.subject_id).where(LogEntry.number > head, LogEntry.verb == verb)
        texts = [text for text in work.session.scalars(found) if text]
        return texts if plain else [UUID(text) for text in texts]

    return since


def _settle_dossiers(target: Archive) -> None:
    """Submissions that became dossiers say so; of what was destroyed nothing may come back with the backup."""
    after = UUID(int=0)
    while True:
        with target.work(OPERATOR) as work:
            page = work.session.scalars(
                select(Dossier).where(Dossier.id > after).order_by(Dossier.id).limit(PAGE)
            ).all()
            settle_stored(
                work, {UUID(str(d.submission["sip_id"])): d.id for d in page if d.submission.get("sip_id")}
            )
            for dossier in page:
                if dossier.state is DossierState.destroyed:
                    forget_submissions(work, dossier)
        if not page:
            return
        after = page[-1].id
