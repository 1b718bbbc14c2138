"""`rebuild`: catalogue and index from the storage roots alone."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from archive_service.cli.audits import fault_lines
from archive_service.cli.frame import AsJson, both, opened, report
from archive_service.cli.running import hide_password, new_password
from archive_service.rebuild import RebuildReport
from archive_service.rebuild import rebuild as build_anew


def rebuild(
    into: Annotated[
        str | None, typer.Option(help="URL of a new, empty database; needed for PostgreSQL.")
    ] = None,
    drill: Annotated[
        bool, typer.Option(help="Only build the database of --into; nothing in service changes.")
    ] = False,
    new_passwords: Annotated[
        list[str] | None,
        typer.Option("--new-password", metavar="USER", help="Make this user a password, shown once."),
    ] = None,
    backup: Annotated[
        str | None,
        typer.Option(
            "--carry", metavar="URL", help="A restored database: what storage cannot give comes from it."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make catalogue and index again from storage; stop every other process first. Exit code 1 when something is missing.

    Afterwards destruction is locked until two people release it.
    """
    passwords = {name: new_password() for name in new_passwords or ()}
    with opened(ready=False) as archive:
        found = build_anew(archive, Told(), into=into, drill=drill, passwords=passwords, backup=backup)
    told = {**asdict(found), "database": hide_password(found.database), "new_passwords": passwords}
    report(told, [*_lines(found), *_shown(passwords)], as_json=as_json, good=found.whole)


STEPS = {
    "roots": "Kho lưu",
    "log": "Nhật ký",
    "dossiers": "Hồ sơ",
    "terms": "Thời hạn",
    "index": "Chỉ mục",
}


class Told:
    """Says on one line how far a step is and, where its whole is known, how long it will still take."""

    def __init__(self) -> None:
        self._step, self._began, self._first = "", 0.0, 0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step != self._step:
            self._step, self._began, self._first = step, now, done
        typer.echo(f"\r{both(STEPS[step], step)}: {self._far(done, total, now)}", nl=False, err=True)

    def _far(self, done: int, total: int, now: float) -> str:
        if done >= total:
            return f"{done}".ljust(60)
        if done == self._first:
            return f"{done}/{total}"
        left = (now - self._began) / (done - self._first) * (total - done)
        minutes, seconds = divmod(round(left), 60)
        return f"{done}/{total}, " + both(
            f"còn khoảng {minutes} phút {seconds:02} giây", f"about {minutes} min {seconds:02} s left"
        )


def _lines(found: RebuildReport) -> list[str]:
    lines = [
        "",
        both(
            f"Đã dựng lại {found.dossiers} hồ sơ, {found.log_entries} mục nhật ký.",
            f"{found.dossiers} dossiers and {found.log_entries} log entries were brought back.",
        ),
    ]
    lines += [both(f"Không đọc được: {each}", f"Cannot be read: {each}") for each in found.unreadable]
    lines += [both(f"Các kho không khớp: {each}", f"The roots disagree: {each}") for each in found.conflicts]
    lines += fault_lines(found.log_faults)
    if found.lost_anchors:
        newest = max(found.lost_anchors)
        lines.append(
            both(f"Mất các mục nhật ký sau neo, đến mục {newest}.", f"Log entries up to {newest} were lost.")
        )
    if found.nobody:
        lines.append(
            both(
                "Các kho không có tài khoản nào: không ai đăng nhập được. Cần bản sao lưu cơ sở dữ liệu.",
                "The roots hold no account: nobody can sign in. A backup of the database is needed.",
            )
        )
    elif found.without_password > 0:
        lines.append(
            both(
                f"{found.without_password} tài khoản chưa có mật khẩu; chạy lại với --new-password TÊN cho người đầu tiên.",
                f"{found.without_password} accounts have no password; run again with --new-password NAME for the first.",
            )
        )
    if found.carried:
        told = ", ".join(f"{name} {count}" for name, count in found.carried.items() if count)
        lines.append(both(f"Lấy từ bản sao lưu: {told}.", f"Carried from the backup: {told}."))
    if found.kept:
        lines.append(both(f"Cơ sở dữ liệu cũ: {found.kept}", f"The old database: {found.kept}"))
    return lines


def _shown(passwords: dict[str, str]) -> list[str]:
    return [
        f"{name}: " + both(f"mật khẩu {word} (chỉ hiện lần này)", f"password {word} (shown this once)")
        for name, word in passwords.items()
    ]
