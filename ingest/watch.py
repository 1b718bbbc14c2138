"""The watched folder: packages that another system on this network puts down, taken as if they were sent.

A package is a file, or the folder of a bag. It is written under another name and then renamed: names that begin with a
dot or end in .part or .tmp are still being written and are left alone. What was taken goes to `taken/`, what was not to
`refused/` with a text that says why.
"""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.findings import Finding
from archive_service.kernel.people import AccountState, Person, actor_of
from archive_service.kernel.scratch import SCRATCH, scratch
from archive_service.work import Archive
from ingest.containers import TAR, ContainerFault, media_type
from ingest.receive import receive_sip

log = logging.getLogger(__name__)
UNFINISHED = (".part", ".tmp")
TAKEN, REFUSED = "taken", "refused"


def watch_folder(archive: Archive) -> int:
    """Job: takes in what lies in `settings.watch`, acting for `settings.watch_account`; returns how many were new.

    Interrupted anywhere, it starts over: a package that was received already is known by its bytes. Raises `NotPossible`
    for a missing folder or account and `Forbidden` for an account that may not submit: the files stay where they are.
    """
    folder = archive.settings.watch
    if folder is None:
        return 0
    if not folder.is_dir():
        raise NotPossible(
            f"Không có thư mục theo dõi {folder}.",
            f"watch: there is no folder {folder}.",
            name="wrong-setting",
        )
    actor = _account(archive)
    return sum(_take(archive, actor, path) for path in _waiting(folder))


def _account(archive: Archive) -> Actor:
    username = archive.settings.watch_account
    with archive.look(THE_ARCHIVE) as work:
        person = work.session.scalars(select(Person).where(Person.username == username)).one_or_none()
        if person is None or person.state is not AccountState.active:
            raise NotPossible(
                f"watch_account: không có tài khoản {username!r} đang dùng.",
                f"watch_account: there is no active account {username!r}.",
                name="wrong-setting",
            )
        return actor_of(work.session, person, "job", work.now())


def _waiting(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        # A link could lead to any file that this process may read.
        ours = path.is_dir() and path.name in (TAKEN, REFUSED)
        plain = (path.is_file() or path.is_dir()) and not path.is_symlink()
        if plain and not ours and not is_unfinished(path.name):
            yield path


def is_unfinished(name: str) -> bool:
    """
    >>> [is_unfinished(n) for n in ("goi.zip", "goi.zip.part", ".goi.zip", "goi.TMP")]
    [False, True, True, True]
    """
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def _take(archive: Archive, actor: Actor, path: Path) -> bool:
    try:
        before = _seen(path)
        with _opened(archive, path) as (stream, kind):
            receipt = receive_sip(archive, actor, stream, name=path.name, media_type=kind)
        after = _seen(path)
    except FileNotFoundError:
        return False  # taken back, or taken by another worker
    except ContainerFault as fault:
        _refuse(path, archive.rules.sentence(fault.finding), archive.rules.sentence(fault.finding, "en"))
        return False
    except NotPossible as error:
        _refuse(path, error.vi, error.en)
        return False
    if before != after:
        # Written to while it was read: what is whole is taken next time, what came now will not pass its checks.
        log.warning("%s changed while it was read; it must be renamed into place", path.name)
        return False
    _move(path, TAKEN)
    return receipt.new


def _seen(path: Path) -> list[tuple[str, int, int]]:
    """What changes when somebody still writes: names, sizes and times."""
    every = [path, *sorted(path.rglob("*"))] if path.is_dir() else [path]
    return [(str(each), each.lstat().st_size, each.lstat().st_mtime_ns) for each in every]


@contextmanager
def _opened(archive: Archive, path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes and their media type; a bag's folder as a tar, the same bytes each time. Raises ContainerFault."""
    if not path.is_dir():
        with path.open("rb") as stream:
            yield stream, media_type(path)
        return
    if not (path / "bagit.txt").is_file():
        raise ContainerFault(Finding("bag-declaration-missing", "bagit.txt"))
    with scratch(archive.settings.data / SCRATCH) as room:
        with tarfile.open(room / "goi.tar", "w") as out:
            out.add(path, path.name)  # links stay links, and are told as such when the package is judged
        with (room / "goi.tar").open("rb") as stream:
            yield stream, TAR


def _refuse(path: Path, vi: str, en: str) -> None:
    moved = _move(path, REFUSED)
    if moved is not None:
        moved.with_name(moved.name + ".txt").write_text(f"{vi}\n{en}\n", encoding="utf-8")


def _move(path: Path, to: str) -> Path | None:
    """Into the folder `to` beside it, under a name that is free; None when it is not there any more."""
    folder = path.parent / to
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{number}-{path.name}"
    with suppress(FileNotFoundError):
        path.rename(target)
        return target
    return None
