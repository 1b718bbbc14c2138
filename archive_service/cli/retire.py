"""`archive storage retire`, and what becomes of the medium afterwards."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from archive_service.cli.frame import AsJson, both, opened, report
from archive_service.cli.plain_view import storage as storage
from archive_service.cli.storage import tell
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from preservation.replication.retire import note_destroyed, retire_root


@storage.command("retire")
def retire(
    root: Annotated[str, typer.Argument(help="The id of a root in the settings.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The minutes (PDF/A), a new file.")],
    days: Annotated[
        int,
        typer.Option("--days", min=0, help="Copies that remain and were not read for so long are read now."),
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """Take a root out of service for good; nothing on it is deleted. Exit code 1 when something would lack copies."""
    if out.exists():
        raise NotPossible(f"{out} đã có.", f"{out} is there already.", name="already-there")
    with opened() as archive:
        found, paper = retire_root(archive, OPERATOR, root, days, tell)
    if paper is None:
        lines = [
            both(
                f"{found.lacking_count} hồ sơ hoặc đối tượng hệ thống không đủ bản đúng ở các kho khác; không đổi gì. "
                "Chạy archive storage add (hoặc copy) trước.",
                f"{found.lacking_count} dossiers or system objects lack good copies in other roots; nothing was changed. "
                "Run archive storage add (or copy) first.",
            ),
            *found.lacking,
        ]
    else:
        out.write_bytes(paper)
        lines = [
            both(
                f"Kho {root} đã ngừng sử dụng: {out}. Bỏ bảng [[storage]] của nó khỏi cài đặt rồi khởi động lại.",
                f"Root {root} is retired: {out}. Remove its [[storage]] table from the settings, then restart.",
            )
        ]
    told = asdict(found) | {"minutes": str(out) if paper is not None else None}
    report(told, lines, as_json=as_json, good=found.whole)


@storage.command("destroyed")
def destroyed(
    root: Annotated[str, typer.Argument(help="The id of a retired root.")],
    by: Annotated[str, typer.Option("--by", help="Who answers for the destruction of the medium.")],
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day, as 2026-11-27.")],
    as_json: AsJson = False,
) -> None:
    """Note that the medium of a retired root was destroyed: destructions that waited for it are finished."""
    with opened() as archive:
        waiting = note_destroyed(archive, OPERATOR, root, on.date(), by)
    line = both(
        f"Đã ghi nhận; {waiting} hồ sơ đã hủy chờ việc này.",
        f"Noted; {waiting} destroyed dossiers waited for it.",
    )
    report({"root": root, "waiting": waiting}, [line], as_json=as_json)
