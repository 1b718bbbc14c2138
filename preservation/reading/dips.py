"""A dossier that leaves the archive: a BagIt 1.0 bag with the submission as it came and what was learned of it since.

`data/submission/…` is the sender's own bag, its manifests included, so that it can be checked against the sender's
digests; `data/metadata/…` is the archive's description and PREMIS. Whoever may not read every document of the dossier
gets the files that they may read and nothing that describes the others.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import Actor
from archive_service.kernel.digests import CHUNK, Digester, chunks
from archive_service.kernel.errors import Conflict, Missing, NotPossible
from archive_service.kernel.events import Verb
from archive_service.work import Archive, Work
from preservation.access import may_read, visible_dossier, whole_mode
from preservation.aips.catalogue import DESCRIPTION
from preservation.aips.premis import PREMIS
from preservation.aips.proven import fetched, proven_bytes
from preservation.bagit.manifests import STRONG, encode_path
from preservation.bagit.pack import SUFFIXES, pack
from preservation.bagit.write import DECLARATION
from preservation.models import Document, Dossier, DossierState, FileObject

PAYLOAD = "data/"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: files from the copies, and small ones that are made here, by their paths in the bag."""

    dossier: Dossier
    files: Mapping[str, FileObject]
    made: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """A name for the folder or container, of letters that every file system takes."""
        code = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in self.dossier.code)
        return code.strip(".") or str(self.dossier.id)


def prepare(archive: Archive, actor: Actor, dossier_id: UUID) -> Parcel:
    """Decides what the actor gets and records the export. Raises `Missing`, `Conflict` (destroyed), `TryLater`."""
    with archive.look(actor) as work:
        dossier, files, whole = _chosen(work, dossier_id)
    metadata = {path: proven_bytes(archive, dossier, path) for path in (DESCRIPTION, PREMIS)} if whole else {}
    parcel = Parcel(
        dossier,
        {PAYLOAD + each.path: each for each in files},
        {PAYLOAD + path: data for path, data in metadata.items()},
    )
    with archive.work(actor) as work:
        if [each.id for each in _chosen(work, dossier_id)[1]] != [each.id for each in files]:
            raise Conflict("Hồ sơ vừa thay đổi. Đề nghị thử lại.", "The dossier has just changed. Try again.")
        work.record(Verb.dossier_exported, dossier, files=len(files), whole=whole)
        tags = _tag_files(parcel, archive.settings.name, work.now().date().isoformat())
    return Parcel(dossier, parcel.files, {**parcel.made, **tags})


def _chosen(work: Work, dossier_id: UUID) -> tuple[Dossier, Sequence[FileObject], bool]:
    dossier = visible_dossier(work, dossier_id)
    if dossier.state is DossierState.destroyed:
        raise Conflict("Hồ sơ đã hủy.", "The dossier was destroyed.", name="destroyed")
    files = select(FileObject).where(FileObject.dossier_id == dossier_id).order_by(FileObject.path)
    if may_read(work, dossier, whole_mode(work, dossier)):
        return dossier, work.session.scalars(files).all(), True
    modes = [mode for mode in type(dossier.access) if may_read(work, dossier, mode)]
    own = files.join(Document, Document.id == FileObject.document_id).where(Document.access.in_(modes))
    found = work.session.scalars(own).all()
    if not found:
        raise Missing
    return dossier, found, False


def _tag_files(parcel: Parcel, archive_name: str, today: str) -> dict[str, bytes]:
    digests = {path: {"sha256": each.sha256, "sha512": each.sha512} for path, each in parcel.files.items()}
    sizes = [each.size for each in parcel.files.values()] + [len(data) for data in parcel.made.values()]
    digests |= {path: _digests(data) for path, data in parcel.made.items()}
    info = {
        "Source-Organization": archive_name,
        "Bagging-Date": today,
        "External-Identifier": parcel.dossier.code,
        "Internal-Sender-Identifier": parcel.dossier.object_id,
        "Payload-Oxum": f"{sum(sizes)}.{len(sizes)}",
    }
    lines = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in info.items())
    tags = {"bagit.txt": DECLARATION, "bag-info.txt": lines.encode()}
    tags |= {f"manifest-{name}.txt": _manifest(digests, name) for name in STRONG}
    of_tags = {path: _digests(data) for path, data in tags.items()}
    return tags | {f"tagmanifest-{name}.txt": _manifest(of_tags, name) for name in STRONG}


def _digests(data: bytes) -> dict[str, str]:
    digester = Digester(*STRONG)
    digester.update(data)
    return digester.all()


def _manifest(digests: Mapping[str, Mapping[str, str]], algorithm: str) -> bytes:
    return "".join(
        f"{each[algorithm]}  {encode_path(path)}\n" for path, each in sorted(digests.items())
    ).encode()


def export_dossier(archive: Archive, actor: Actor, dossier_id: UUID, out: Path) -> Parcel:
    """Writes the bag to `out`: .zip, .tar or .tar.gz by its name, anything else a folder. Whole or not at all.

    Each file is read from a copy that matches the catalogue. Raises as `prepare`, and `NotPossible` when `out` is there.
    """
    if out.exists():
        raise NotPossible(
            f"{out.name} đã có; đề nghị chọn tên khác.", f"{out.name} is there already; choose another name."
        )
    parcel = prepare(archive, actor, dossier_id)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        bag = Path(scratch, "bag")
        for path, source in _sources(archive, parcel):
            target = bag / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source) if isinstance(source, bytes) else shutil.copyfile(source, target)
        if out.name.endswith(SUFFIXES):
            bag = pack(bag, Path(scratch, out.name), parcel.name)
        shutil.move(bag, out)
    return parcel


def _sources(archive: Archive, parcel: Parcel) -> Iterator[tuple[str, Path | bytes]]:
    """Tag files first: a reader of a stream learns early what is to come. A path is good until the next one."""
    yield from sorted(parcel.made.items())
    for path, file in sorted(parcel.files.items()):
        with fetched(archive, parcel.dossier, file) as local:
            yield path, local


class _Sink:
    """Where zipfile writes to; it cannot be sought, so sizes follow the data."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._blocks = b"".join(self._blocks), []
        return taken


def zip_blocks(archive: Archive, parcel: Parcel) -> Iterator[bytes]:
    """The bag as a zip, block by block: at most one file lies on disk, and memory stays flat.

    Raises `TryLater` in the middle when no copy is good any more: the zip then has no end, and no reader takes it.
    """
    sink = _Sink()
    # Deflated data tell their own end; stored ones of unknown size cannot be read from a stream.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container:  # type: ignore[call-overload]
        for path, source in _sources(archive, parcel):
            info = zipfile.ZipInfo(f"{parcel.name}/{path}")
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            with container.open(info, "w", force_zip64=True) as target:
                if isinstance(source, bytes):
                    target.write(source)
                    continue
                with source.open("rb") as stream:
                    for block in chunks(stream, CHUNK):
                        target.write(block)
                        yield sink.take()
    yield sink.take()
