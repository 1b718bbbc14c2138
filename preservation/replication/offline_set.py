"""A disk in a safe: an offline root with what a stranger needs to understand and check it, without us.

Only a configured root of role `offline` may be one: what lies elsewhere could never be
destroyed lawfully.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.digests import CHUNK
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.objects.disk import fsync_folder
from archive_service.work import Archive
from preservation.aips.erase import COPY
from preservation.models import ErasureReceipt
from preservation.offline import MANIFEST, README, SCRIPT, SET
from preservation.offline.check_set import faults, listed
from preservation.replication.bring import Brought, Tell, bring_root
from preservation.roots.markers import MARKER
from preservation.system.objects import TAIL

CHANGING = frozenset({MARKER, TAIL})
"""Marker and newest log entries are written anew each hour while the set is connected; the log proves itself."""


def check_set(folder: Path) -> tuple[int, list[tuple[str, str]]]:
    """(files listed, faults as (kind, path)), by the very script that lies in each set; needs no archive.

    Raises `NotPossible` where the set cannot be checked: interrupted, or its manifest itself was changed.
    """
    try:
        expected = listed(folder)
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise NotPossible(
            f"{folder} không có bản kê {name}: không phải bộ lưu ngoại tuyến, hoặc việc ghi bộ lưu bị ngắt; "
            "khi đó chạy lại archive storage export-set.",
            f"{folder} has no manifest {name}: it is no offline set, or the writing of one was interrupted; "
            "then run archive storage export-set again.",
            name="no-manifest",
        ) from error
    except (OSError, ValueError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        raise NotPossible(
            f"{folder}: bản kê {MANIFEST} không đọc được hoặc đã bị sửa. {reason}".strip(),
            f"{folder}: the manifest {MANIFEST} cannot be read, or was changed. {reason}".strip(),
            name="no-manifest",
        ) from error
    return len(expected), list(faults(folder, expected))


def manifest_sha512(folder: Path) -> str:
    """What `export_set` told when it wrote the set. A dossier that was taken out, manifest and all, changes it."""
    return _sha512(folder / MANIFEST)


def root_at(archive: Archive, folder: Path) -> str:
    """The offline root that lies in this folder; raises `NotPossible`."""
    for root in archive.settings.storage:
        if root.role == "offline" and root.url == folder.absolute().as_uri():
            return root.id
    raise NotPossible(
        f'{folder} chưa có trong cài đặt: thêm [[storage]] với role = "offline" và url = "{folder.absolute().as_uri()}".',
        f'{folder} is not in the settings: add a [[storage]] with role = "offline" and url = '
        f'"{folder.absolute().as_uri()}".',
        name="no-such-root",
    )


def export_set(archive: Archive, actor: Actor, folder: Path, tell: Tell = lambda *_: None) -> Brought:
    """Brings the set up to date and writes what explains it. Again: goes on.

    The manifest is written last: a set that was interrupted says so when it is checked. Its digest goes into the audit
    log. Raises `NotPossible`.
    """
    root_id = root_at(archive, folder)
    _require_erased(archive, root_id)
    (folder / MANIFEST).unlink(missing_ok=True)
    report = bring_root(archive, actor, root_id, tell)
    for name in (SCRIPT, *README):
        (folder / name).write_bytes(files("preservation").joinpath("offline", name).read_bytes())
    (folder / SET).write_text(json.dumps(_about(archive, report), ensure_ascii=False, indent=1), "utf-8")
    report.manifest_sha512 = _write_manifest(folder)
    with archive.work(actor) as work:
        manifest = report.manifest_sha512
        work.record_of(Verb.set_sealed, "storage_root", root_id, root=root_id, manifest=manifest)
    return report


def _require_erased(archive: Archive, root_id: str) -> None:
    """Holds are asked before each erasure: that is for the execution, which runs while the set is connected."""
    with archive.look(THE_ARCHIVE) as work:
        owed = select(func.count()).where(
            ErasureReceipt.place == COPY + root_id, ErasureReceipt.gone_at.is_(None)
        )
        count = work.session.scalar(owed) or 0
    if count:
        raise NotPossible(
            f"Bộ lưu {root_id} còn {count} hồ sơ đã hủy chưa xóa. Để đĩa nối và kho chạy đến khi trang Kho lưu hết nợ xóa.",
            f"The set {root_id} still holds {count} destroyed dossiers. Leave it connected and the archive running "
            "until the page Storage owes no erasure.",
            name="erasures-owed",
        )


def _about(archive: Archive, report: Brought) -> dict[str, object]:
    return {
        "archive": archive.settings.name,
        "agency": archive.settings.agency,
        "root": report.root_id,
        "written_at": archive.clock.now().isoformat(),
        "dossiers": report.copies,
        "bytes": report.size,
        "owed": sorted(report.failed),
        "layout": "OCFL 1.1",
    }


def _write_manifest(folder: Path) -> str:
    digest = hashlib.sha512()
    part = folder / f"{MANIFEST}.part"
    with part.open("wb") as stream:
        for path in contents(folder):
            line = f"{_sha512(folder / path)}  {path}\n".encode()
            digest.update(line)
            stream.write(line)
    (folder / f"{MANIFEST}.sha512").write_text(f"{digest.hexdigest()}  {MANIFEST}\n")
    part.rename(folder / MANIFEST)
    fsync_folder(folder)
    return digest.hexdigest()


def contents(folder: Path) -> Iterator[str]:
    """Every file of the set that the manifest covers, sorted, relative, "/" between the parts."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    mine = {MANIFEST, f"{MANIFEST}.sha512", f"{MANIFEST}.part"} | CHANGING
    yield from sorted(path for path in found if path not in mine and not path.startswith("deposit/"))


def _sha512(path: Path) -> str:
    digest = hashlib.sha512()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()
