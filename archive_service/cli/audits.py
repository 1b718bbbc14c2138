"""Watching over what is kept: fixity, signatures, the log."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from archive_service.cli.frame import AsJson, both, group, language, opened, report, require_path
from archive_service.invariants.words import words_of
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import LogFault
from archive_service.kernel.sandbox import Sandbox, SandboxFailure
from archive_service.web.incident_words import stop_words
from archive_service.web.sentences import Sentences
from preservation.audits.fixity import fixity_run
from preservation.audits.log_check import check_chain, export_log
from preservation.audits.quick import quick_run
from preservation.signatures.again import signatures_run
from preservation.signatures.check import check_file, read_roots
from preservation.system.log_files import read_anchors, read_key, verify_file

fixity = group("fixity", "Copies against their digests.")
signatures = group("signatures", "Digital signatures.")
log = group("log", "The audit log.")

Early = Annotated[bool, typer.Option("--all", help="Also what is not due yet.")]
Most = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many; else as the settings say.")
]


@fixity.command("run")
def run_fixity(everything: Early = False, limit: Most = None, as_json: AsJson = False) -> None:
    """Read copies, the oldest check first, and compare. Exit code 1 when a copy or a root is at fault."""
    with opened() as archive:
        found = fixity_run(archive, limit=limit, early=everything)
    told = {
        "run": found.run_id,
        "checked": found.checked,
        "faults": found.faults,
        "stopped": found.stopped,
        "more": found.more,
    }
    lines = [
        both(
            f"Đã kiểm tra {found.checked} bản, {found.faults} lỗi.",
            f"{found.checked} copies read, {found.faults} faults.",
        )
    ]
    t = Sentences(language())
    lines += [
        both(f"Kho {root} dừng: {stop_words(why, t)}", f"Root {root} stopped: {stop_words(why, t)}")
        for root, why in found.stopped.items()
    ]
    report(told, lines, as_json=as_json, good=not (found.faults or found.stopped))


@fixity.command("quick")
def look_quickly(limit: Most = None, as_json: AsJson = False) -> None:
    """Count and measure the files of copies whose quick look is due. Exit code 1 when one needs its full check now."""
    with opened() as archive:
        found = quick_run(archive, limit=limit)
    line = both(
        f"Đã xem {found.checked} bản, {found.suspect} bản phải đọc lại toàn bộ ngay.",
        f"{found.checked} copies looked at, {found.suspect} due for a full check now.",
    )
    report(asdict(found), [line], as_json=as_json, good=not found.suspect)


@signatures.command("run")
def run_signatures(everything: Early = False, limit: Most = None, as_json: AsJson = False) -> None:
    """Verify signatures again, against the trusted roots of today. Exit code 1 when a verdict changed."""
    with opened() as archive:
        found = signatures_run(archive, limit=limit, early=everything)
    told = {
        "run": found.run_id,
        "checked": found.checked,
        "changed": found.changed,
        "not_checked": found.not_checked,
    }
    line = both(
        f"Đã xác minh {found.checked} chữ ký, {found.changed} kết luận thay đổi, {found.not_checked} chưa xác minh được.",
        f"{found.checked} signatures verified, {found.changed} verdicts changed, {found.not_checked} not checked.",
    )
    if found.run_id is None:
        line = both("Một đợt khác đang chạy.", "Another run is under way.")
    report(told, [line], as_json=as_json, good=not (found.changed or found.not_checked))


@signatures.command("check")
def check_signatures(
    file: Path,
    trust: Annotated[Path, typer.Option(help="PEM file, or folder of them, of trusted authorities.")],
    as_json: AsJson = False,
) -> None:
    """Verify the signatures of one PDF, offline. Exit code 1 unless every signature passes (and there is one)."""
    require_path(file)
    require_path(trust)
    sandbox = Sandbox(workers=1)
    try:
        found = check_file(sandbox, file.absolute(), read_roots(trust))
    except SandboxFailure as error:
        raise NotPossible(
            f"{file.name}: không đọc được như tệp PDF.", f"{file.name} cannot be read as a PDF."
        ) from error
    finally:
        sandbox.close()
    lines = [
        f"{each['index'] + 1}. {each['signer']} ({each['issuer']}): {each['verdict']} {each['sub_indication']}".rstrip()
        for each in found
    ]
    good = bool(found) and all(each["verdict"] == "total_passed" for each in found)
    report(found, lines or [both("Không có chữ ký.", "No signature.")], as_json=as_json, good=good)


@log.command("verify")
def verify_log(
    file: Annotated[Path | None, typer.Argument(help="An exported log; without it the database.")] = None,
    key: Annotated[Path | None, typer.Option(help="The archive's public key (PEM), for a file.")] = None,
    anchors: Annotated[
        Path | None, typer.Option(help="A root's archive-root.json, or a list of anchors, for a file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain and compare it with the anchors outside the database. Exit code 1 when it was altered."""
    if file is None:
        with opened() as archive:
            chain = check_chain(archive, OPERATOR)
        _tell(chain.entries, chain.anchored, chain.faults, "", as_json)
        return
    require_path(file)
    found = verify_file(file, read_key(key) if key else None, read_anchors(anchors) if anchors else ())
    _tell(found.entries, found.anchored, found.faults, "" if key else found.key, as_json)


def _tell(entries: int, anchored: int, faults: tuple[LogFault, ...], believed: str, as_json: bool) -> None:
    told = {
        "entries": entries,
        "anchored": anchored,
        "believed_key": believed or None,
        "faults": [{"code": fault.code, "number": fault.number} for fault in faults],
    }
    lines = [
        both(f"{entries} mục, neo đến mục {anchored}.", f"{entries} entries, anchored up to {anchored}.")
    ]
    lines += fault_lines(faults) or [both("Nhật ký nguyên vẹn.", "The log is whole.")]
    if believed:
        lines.append(
            both(
                f"Khóa trong tệp, cần đối chiếu: {believed}",
                f"Key named by the file, to be compared: {believed}",
            )
        )
    report(told, lines, as_json=as_json, good=not faults)


def fault_lines(faults: Sequence[LogFault]) -> list[str]:
    """One line a fault, then what to do, once."""
    lines = []
    for fault in faults:
        wrong = words_of(f"log-{fault.code}").wrong(language())
        lines.append(f"{both('Mục', 'Entry')} {fault.number}: {wrong} ({fault.code}).")
    todo = [words_of(f"log-{fault.code}").todo(language()) + "." for fault in faults[:1]]
    return lines + todo


@log.command("export")
def export(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A new file; without it standard output.")
    ] = None,
) -> None:
    """Write the whole log with its anchors, one JSON value a line. The export itself is in the log."""
    with opened() as archive:
        lines = export_log(archive, OPERATOR)
        if out is None:
            sys.stdout.buffer.writelines(lines)
            return
        if out.exists():
            raise NotPossible(f"{out} đã có.", f"{out} is there already.")
        with out.open("xb") as stream:
            stream.writelines(lines)
    typer.echo(out)


@log.command("key")
def public_key() -> None:
    """Print the archive's public key: whoever verifies exports should have it from here, not from the file."""
    with opened() as archive:
        typer.echo(archive.keys.public_pem(), nl=False)
