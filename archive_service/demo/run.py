"""`archive demo`: invented agencies, people and dossiers, and a dossier's whole life, ending at served pages.

The clock starts 45 days ago, is moved between the acts and ends at now. Every package goes in over real HTTP.
"""

from __future__ import annotations

import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer
import uvicorn

from archive_service.app import create_app
from archive_service.demo.damaging import damage_one
from archive_service.demo.deciding import decide_all, tell_inbox
from archive_service.demo.destroying import destroy_one, leave_one_in_review
from archive_service.demo.dossiers import DemoPackage, make_packages
from archive_service.demo.labour import work_off
from archive_service.demo.people import organisation
from archive_service.demo.proving import verify_log
from archive_service.demo.seals import Seals, make_seals
from archive_service.demo.searching import show_searches
from archive_service.demo.sending import send_late_ones, send_packages, served
from archive_service.demo.stage import Stage, set_stage, settings_of
from archive_service.demo.telling import Teller, table
from archive_service.kernel.errors import NotPossible
from archive_service.web.demo_page import Account, Story, Told
from archive_service.work import Archive

SIGN = "demo-archive"
"""Lies in every folder that a demo made: no other folder is ever cleared."""


def run_demo(folder: Path, port: int, teller: Teller, *, serve: bool) -> None:
    """Plays the whole story below `folder`, clearing what an earlier demo left there; then serves it."""
    if serve:
        require_free(port)
    folder = clean_folder(folder.absolute())
    seals = make_seals()
    packages = _make(folder, seals, teller)
    stage = set_stage(folder, seals)
    with served(stage.archive, 0) as address:
        send_packages(stage, teller, address, [each for each in packages if not each.late])
    stage.days_later(1)
    decide_all(stage, teller)
    show_searches(stage, teller)
    stage.days_later(10)
    damage_one(stage, teller)
    stage.days_later(5)
    destroy_one(stage, teller)
    leave_one_in_review(stage, teller)
    stage.clock.set(datetime.now(UTC) - timedelta(hours=3))
    with served(stage.archive, 0) as address:
        send_late_ones(stage, teller, address, [each for each in packages if each.late])
    tell_inbox(stage, teller)
    _end(stage, teller)
    if serve:
        _serve(folder, port, stage, teller)


def require_free(port: int) -> None:
    """Raises `NotPossible` at once, not after a minute of work, when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NotPossible(
                f"Cổng {port} đang có chương trình khác dùng; chọn cổng khác bằng --port.",
                f"Port {port} is taken; choose another one with --port.",
                name="port-taken",
            ) from error


def clean_folder(folder: Path) -> Path:
    """An empty folder that bears our sign. Raises `NotPossible` for one with anything that no demo made."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SIGN).exists():
        raise NotPossible(
            f"{folder} không phải thư mục trình diễn; không xóa gì trong đó.",
            f"{folder} holds something that no demo made; nothing was removed.",
            name="foreign-files",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / SIGN).touch()
    return folder


def _make(folder: Path, seals: Seals, teller: Teller) -> list[DemoPackage]:
    teller.act(
        "Soạn hồ sơ: văn bản ký số, bản quét, bảng tính, bản vẽ; tất cả đều hư cấu",
        "Dossiers are made: signed documents, scans, sheets, drawings; all invented",
    )
    with teller.bar("Soạn và đóng gói", "Writing and packing") as bar:
        return make_packages(folder / "packages", seals, progress=lambda done, of, _: bar.at(done, of))


def _end(stage: Stage, teller: Teller) -> None:
    """The clock reaches the present; what was owed meanwhile is done."""
    stage.clock.set(datetime.now(UTC))
    work_off(stage.archive, teller, "Việc còn nợ", "What is still owed")
    verify_log(stage, teller)
    stage.archive.close()


def _serve(folder: Path, port: int, stage: Stage, teller: Teller) -> None:
    """On the real clock from here on, with the workers of the embedded default."""
    typer.secho("\n" + teller.chosen("Tài khoản", "Accounts"), bold=True)
    app = create_app(Archive(settings_of(folder)))
    app.state.story = story = _story(stage, teller)
    rows = [(a.username, a.password, a.name, teller.chosen(a.try_vi, a.try_en)) for a in story.accounts]
    for line in table(rows):
        typer.echo(f"  {line}")
    address = f"http://127.0.0.1:{port}/"
    typer.secho("\n" + teller.chosen(f"Mở {address}", f"Open {address}") + "\n", bold=True)
    uvicorn.run(app, port=port, log_level="warning", server_header=False)


def _story(stage: Stage, teller: Teller) -> Story:
    """For the page `/demo`: what was told here, and the passwords, which nothing else keeps."""
    accounts = [
        Account(each.username, stage.passwords[each.username], each.name, each.try_vi, each.try_en)
        for each in organisation().people
    ]
    return Story([Told(act.vi, act.en, act.results, act.link) for act in teller.acts], accounts)
