"""`archive storage check-set`: an offline set, checked without its archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archive_service.backup.cipher import read_identities
from archive_service.cli.frame import AsJson, both, language, report, require_path
from archive_service.cli.retire import storage as storage
from archive_service.kernel.errors import NotPossible
from archive_service.web.incident_words import kind_words
from archive_service.web.sentences import Sentences
from preservation.replication.offline_set import check_set, manifest_sha512
from preservation.replication.opened_set import OpenedSet, is_encrypted, open_set

EVERY = 100


@storage.command("check-set")
def check(
    folder: Annotated[Path, typer.Argument(help="The folder of an offline set; no archive is needed.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Folder that `archive keys escrow export` wrote: also decrypts."),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", help="File with the escrow key, typed from the paper in the safe."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read every file of an offline set and compare it with its manifest. Exit code 1 when one is at fault."""
    require_path(folder)
    if (keys is None) != (identity is None):
        raise NotPossible(
            "Cần cả --keys và --identity, hoặc không có cả hai.",
            "Both --keys and --identity are needed, or neither.",
        )
    sealed, opened = is_encrypted(folder), None
    if keys is not None and identity is not None:  # a wrong key is told before hours of reading
        require_path(keys)
        require_path(identity)
        opened = open_set(folder, keys, read_identities(identity), _beat)
    count, found = check_set(folder)
    faults = found + (opened.faults if opened else [])
    lines = [f"{_in_words(kind)}: {path}" for kind, path in faults]
    lines.append(both(f"{count} tệp, {len(faults)} sai lệch.", f"{count} files, {len(faults)} faults."))
    manifest = manifest_sha512(folder)
    lines.append(both(f"SHA-512 của bản kê: {manifest}", f"SHA-512 of the manifest: {manifest}"))
    told = {
        "files": count,
        "manifest_sha512": manifest,
        "faults": [{"kind": kind, "path": path} for kind, path in faults],
        "encrypted": sealed,
        "opened": opened.objects if opened else None,
        "destroyed": opened.destroyed if opened else [],
    }
    report(told, [*lines, *_about_keys(sealed, opened)], as_json=as_json, good=not faults)


def _in_words(kind: str) -> str:
    """Codes of OCFL stay as they are."""
    return both("Không có khóa", "No key") if kind == "no-key" else kind_words(kind, Sentences(language()))


def _about_keys(sealed: bool, opened: OpenedSet | None) -> list[str]:
    if opened is not None:
        gone = len(opened.destroyed)
        return [
            both(
                f"Đã giải mã và đối chiếu {opened.objects - gone} đối tượng OCFL; {gone} đã hủy khóa theo quyết định.",
                f"{opened.objects - gone} OCFL objects decrypted and compared; the keys of {gone} were destroyed by law.",
            )
        ]
    if sealed:
        return [
            both(
                "Bộ lưu mã hóa: mới đối chiếu bản mã. Thêm --keys và --identity để giải mã và đối chiếu nội dung.",
                "The set is encrypted: only sealed bytes were compared. Add --keys and --identity to open them.",
            )
        ]
    return []


def _beat(done: int) -> None:
    if done % EVERY == 0:
        print(both(f"{done} đối tượng", f"{done} objects"), file=sys.stderr)
