"""Backups and their restore."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from archive_service.backup.catalogue import adopt_sets, list_sets
from archive_service.backup.checks import NEWEST, Checked, check_set, find_set, note
from archive_service.backup.cipher import make_key, read_identities
from archive_service.backup.media import MINUTES, key_of
from archive_service.backup.medium_new import prepare
from archive_service.backup.models import BackupKind, BackupSet
from archive_service.backup.papers import (
    STATES,
    STEPS,
    backup_log,
    restore_minutes,
)
from archive_service.backup.restore import RestoreReport
from archive_service.backup.restore import restore as bring_back
from archive_service.backup.run import RunReport, run_backup
from archive_service.cli.frame import AsJson, both, group, opened, report, require_path
from archive_service.cli.running import hide_password
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.errors import NotPossible

backup = group("backup", "Backup sets: database, software and metadata, sealed, on two media.")

Set = Annotated[str, typer.Argument(metavar="SET", help="Id of the set, or `newest`.")]
Medium = Annotated[str | None, typer.Option("--medium", help="Id of the medium; else any that has the set.")]
Identity = Annotated[
    Path, typer.Option("--identity", help="File with the escrowed secret key, out of the safe.")
]
Pdf = Annotated[Path | None, typer.Option("--minutes", help="Write the minutes (PDF/A) to this new file.")]


@backup.command("run")
def run(
    full: Annotated[bool, typer.Option("--full", help="Everything.")] = False,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="What changed since the full set.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make one set on every medium; the calendar chooses the kind. Exit code 1 when a medium has none."""
    if full and incremental:
        raise typer.BadParameter("--full, --incremental")
    kind = BackupKind.full if full else BackupKind.incremental if incremental else None
    with opened() as archive:
        found = run_backup(archive, OPERATOR, kind)
    report(asdict(found), _run_lines(found), as_json=as_json, good=found.whole)


def _run_lines(found: RunReport) -> list[str]:
    lines = [
        both(
            f"Bản {found.set_id}: {found.size} byte, siêu dữ liệu của {found.dossiers} hồ sơ, {found.seconds:.0f} giây.",
            f"Set {found.set_id}: {found.size} bytes, metadata of {found.dossiers} dossiers, {found.seconds:.0f} s.",
        )
    ]
    good = both("đã ghi, đọc lại và phục hồi thử", "written, read back and restored to try it")
    lines += [f"  {medium}: {why or good}" for medium, why in found.media.items()]
    return lines + [both(f"Hết hạn giữ: {each}", f"Expired: {each}") for each in found.expired]


@backup.command("list")
def list_all(
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Enter sets that media show and the catalogue lacks.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All copies there are and were, the newest first."""
    with opened() as archive:
        if adopt:
            adopt_sets(archive)
        with archive.look(OPERATOR) as work:
            rows = list_sets(work)
    lines = [
        f"{row.set_id}  {row.medium_id}  {both(STATES[row.state], row.state.value)}  "
        f"{row.byte_count} byte  {row.reason}".rstrip()
        for row in rows
    ]
    report([_row(row) for row in rows], lines, as_json=as_json)


def _row(row: BackupSet) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in BackupSet.__table__.columns}


@backup.command("verify")
def verify(
    wanted: Set = NEWEST,
    medium: Medium = None,
    identity: Annotated[
        Path | None, typer.Option("--identity", help="With the escrowed key it is also restored to try it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare every byte of a set with its digest and the manifest's signature. Exit code 1 when something changed."""
    identities = read_identities(identity) if identity else []
    with opened() as archive:
        store, where, set_id = find_set(archive, wanted, medium)
        found: Checked = check_set(archive, store, where, set_id, identities)
        note(archive, OPERATOR, found)
    good = both("nguyên vẹn", "whole")
    lines = (
        [f"{set_id} {where}: {good}"]
        if not found.faults
        else [f"{set_id} {where}: {f}" for f in found.faults]
    )
    if found.malware is not None and found.malware.unscanned:
        lines.append(_not_scanned(found.malware.unscanned))
    report(asdict(found), lines, as_json=as_json, good=not found.faults)


@backup.command("prepare")
def prepare_medium(medium: str, as_json: AsJson = False) -> None:
    """Make an empty medium ours; once for each disk or bucket, also when one is changed for another."""
    with opened() as archive:
        marker = prepare(archive, OPERATOR, medium)
    report(asdict(marker), [both(f"{medium}: sẵn sàng.", f"{medium}: ready.")], as_json=as_json)


@backup.command("key")
def new_key(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A new file; it goes to the safe, not to a medium.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make the key that opens backups. Only its public half stays here, in the setting `backup_recipients`."""
    if out.exists():
        raise NotPossible(f"{out} đã có.", f"{out} is there already.")
    public = make_key(out, "key that opens the archive's backups; keep it away from them")
    lines = [
        f'backup_recipients = ["{public}"]',
        both(
            f"Khóa bí mật: {out}. Chép ra hai vật mang tin, cất vào két, rồi xóa tệp này khỏi máy chủ.",
            f"Secret key: {out}. Copy it to two carriers, lock them away, then remove the file from the server.",
        ),
    ]
    report({"recipient": public, "identity": str(out)}, lines, as_json=as_json)


@backup.command("log")
def write_log(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new PDF/A file.")],
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
    as_json: AsJson = False,
) -> None:
    """Write the backup log (TT 02/2019 PL VI) of a period, failed runs included."""
    first, last = _days(since, until)
    with opened() as archive:
        with archive.look(OPERATOR) as work:
            rows = [
                row for row in list_sets(work) if first <= row.began_at.astimezone(VIETNAM).date() <= last
            ]
        content = backup_log(archive, rows[::-1], f"Từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}")
    write_new(out, content)
    report({"file": str(out), "runs": len(rows)}, [str(out)], as_json=as_json)


def _days(since: datetime | None, until: datetime | None) -> tuple[date, date]:
    today = datetime.now(VIETNAM).date()
    return (since.date() if since else today.replace(month=1, day=1)), (until.date() if until else today)


@backup.command("minutes")
def write_minutes(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new PDF/A file.")],
    wanted: Set = NEWEST,
    medium: Medium = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the minutes (TT 02/2019 PL VII) of one backup from its medium."""
    with opened() as archive:
        store, _, set_id = find_set(archive, wanted, medium)
        with store.open(key_of(set_id, MINUTES)) as stream:
            write_new(out, stream.read())
    report({"file": str(out), "set": set_id}, [str(out)], as_json=as_json)


def write_new(out: Path, content: bytes) -> None:
    try:
        with out.open("xb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise NotPossible(f"{out} đã có.", f"{out} is there already.") from error


def restore(
    identity: Identity,
    wanted: Set = NEWEST,
    medium: Medium = None,
    into: Annotated[
        str | None,
        typer.Option(help="URL of a new, empty database; else the setting, when nothing is there."),
    ] = None,
    software: Annotated[Path | None, typer.Option(help="New folder for the software of that day.")] = None,
    minutes: Pdf = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back, never over a living archive. Exit code 1 when storage is newer than the backup."""
    require_path(identity)
    identities = read_identities(identity)
    with opened(ready=False) as archive:
        store, where, set_id = find_set(archive, wanted, medium)
        found = bring_back(
            archive, store, where, set_id, identities, into=into, software=software, progress=_progress
        )
        if minutes is not None:
            write_new(minutes, restore_minutes(archive, found))
    told = {**found.plain(), "into": hide_password(found.into)}
    report(told, _restore_lines(found), as_json=as_json, good=not found.newer)


def _progress(step: str, done: int) -> None:
    typer.echo(f"{done}. {both(STEPS[step], step)}", err=True)


def _not_scanned(why: str) -> str:
    why = why.replace("no-scanner", both("chưa cấu hình trình quét", "no scanner is set up"))
    why = why.replace("too-large", both("quá lớn với trình quét", "too large for the scanner"))
    return both(f"Chưa quét mã độc hết: {why}.", f"Not everything was scanned for malware: {why}.")


def _restore_lines(found: RestoreReport) -> list[str]:
    rows = sum(found.rows.values())
    lines = [
        both(
            f"Đã phục hồi {rows} dòng từ bản {found.set_id} ({found.medium_id}) vào {hide_password(found.into)}.",
            f"{rows} rows were restored from {found.set_id} ({found.medium_id}) into {hide_password(found.into)}.",
        )
    ]
    if found.unscanned:
        lines.append(_not_scanned(found.unscanned))
    if not found.newer:
        lines.append(both("Kho lưu không có gì mới hơn bản này.", "Storage holds nothing newer."))
        lines.append(
            both(
                "Việc hủy bị khóa đến khi hai người mở khóa.",
                "Destruction is locked until two people release it.",
            )
        )
        return lines
    newer = found.newer
    lines += [
        both(
            f"Kho lưu mới hơn: {newer.stored} hồ sơ mới, {newer.changed} thay đổi, {newer.gone} đã hủy, "
            f"{newer.log_entries} mục nhật ký, {newer.system} đối tượng hệ thống (nhật ký, người dùng, việc hủy…). "
            "Không khởi động từ cơ sở dữ liệu này.",
            f"Storage is newer: {newer.stored} new dossiers, {newer.changed} changed, {newer.gone} destroyed, "
            f"{newer.log_entries} log entries, {newer.system} system objects (log, people, destruction ...). "
            "Do not start from this database.",
        ),
        both(
            "Bước tiếp: archive rebuild --carry <cơ sở dữ liệu vừa phục hồi> (docs/operating/restore.md).",
            "Next: archive rebuild --carry <the database just restored> (docs/operating/restore.md).",
        ),
    ]
    return lines
