"""The keystore of encrypted roots: checking it, changing its master key, and what belongs in the safe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pyrage import x25519

from archive_service.cli.frame import AsJson, both, group, opened, report
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.keystore.check import KeyFault, check_keys
from archive_service.kernel.keystore.export import export_for_safe
from archive_service.kernel.keystore.rotate import rotate_master
from archive_service.work import Archive

keys = group("keys", "The keys of encrypted storage roots.")
escrow = group("escrow", "What a safe holds, so that encrypted roots can be read without this archive.")
keys.add_typer(escrow)

WORDS = {
    "place-away": ("nơi giữ khóa không dùng được", "place cannot be used"),
    "log-altered": ("nhật ký hủy khóa đã bị sửa", "log of destroyed keys altered"),
    "log-behind": ("nhật ký hủy khóa thiếu dòng", "log of destroyed keys lacks lines"),
    "missing": ("thiếu khóa", "key missing"),
    "unreadable": ("không đọc được khóa", "key cannot be read"),
    "different": ("hai nơi có khóa khác nhau", "places hold different keys"),
    "came-back": ("khóa đã hủy lại xuất hiện", "destroyed key came back"),
    "no-escrow": (
        "chưa có trong ký gửi: chạy `archive keys rotate`",
        "not in escrow: run `archive keys rotate`",
    ),
    "lost": ("mất khóa ở mọi nơi: mở bằng khóa ký gửi", "lost in every place: use the escrow"),
}


@contextmanager
def _opened() -> Iterator[Archive]:
    with opened() as archive:
        if not archive.keystore.exists:
            raise NotPossible(
                "Không có kho khóa: không kho lưu nào được mã hóa.",
                "There is no keystore: no storage root is encrypted.",
                name="no-keystore",
            )
        yield archive


@keys.command("check")
def check(
    mend: Annotated[
        bool,
        typer.Option(
            "--mend", help="Copy what one place lacks from the other; remove destroyed keys that came back."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the places of the keystore, key by key. Exit code 1 when there is a fault."""
    with _opened() as archive:
        count, faults = check_keys(archive.keystore, mend=mend)
        gone = len(archive.keystore.log()) if not any(f.kind == "log-altered" for f in faults) else None
    told = {"keys": count, "destroyed": gone, "faults": [asdict(each) for each in faults]}
    lines = [both(f"{count} khóa, {len(faults)} lỗi.", f"{count} keys, {len(faults)} faults.")]
    lines += [_line(each) for each in faults]
    if mend and faults:
        lines.append(
            both(
                "Đã sửa những gì sửa được: chạy lại để xem.", "What could be mended was: run it again to see."
            )
        )
    report(told, lines, as_json=as_json, good=not faults)


def _line(fault: KeyFault) -> str:
    return " · ".join(filter(None, (both(*WORDS[fault.kind]), fault.place, fault.owner)))


@keys.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Make a new master key and wrap every dossier's key anew; run again to go on where it was interrupted."""
    with _opened() as archive:
        found = rotate_master(archive.keystore)
        with archive.work(OPERATOR) as work:
            work.record(Verb.master_key_changed, None, keys=found.wrapped)
    line = both(
        f"Đã bọc lại {found.wrapped} khóa. Cất khóa chủ mới ({archive.keystore.masters.folder}) vào két, hủy bản cũ.",
        f"{found.wrapped} keys wrapped anew. Put the new master key ({archive.keystore.masters.folder}) into the safe, "
        "destroy the old one.",
    )
    report(asdict(found), [line], as_json=as_json)


@escrow.command("new")
def new_escrow() -> None:
    """Make an escrow key and print it once, for paper in a sealed envelope; nothing of it is kept here."""
    identity = x25519.Identity.generate()
    typer.echo(
        both(
            "# Khóa ký gửi. In ra giấy, niêm phong, cất vào két; không lưu trên máy. Mở bằng chương trình age bất kỳ.",
            "# Escrow key. Print it, seal it, put it into the safe; keep it on no machine. Any age program takes it.",
        )
    )
    typer.echo(identity)
    typer.echo(f'# archive.toml: [keystore] escrow = ["{identity.to_public()}"]')


@escrow.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder, on the medium that goes into the safe.")],
    as_json: AsJson = False,
) -> None:
    """Copy every key, sealed for the escrow, with the log of destroyed ones and how to use them."""
    with _opened() as archive:
        if not archive.settings.keystore.escrow:
            raise NotPossible(
                "Chưa có khóa ký gửi: chạy `archive keys escrow new`.",
                "There is no escrow key: run `archive keys escrow new`.",
                name="no-escrow",
            )
        count = export_for_safe(archive.keystore, folder)
        with archive.work(OPERATOR) as work:
            work.record(Verb.keys_exported, None, keys=count)
    report(
        {"keys": count, "folder": str(folder)}, [both(f"{count} khóa.", f"{count} keys.")], as_json=as_json
    )
