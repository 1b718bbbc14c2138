"""A dossier package for tests: valid by default, and broken in one thing per keyword."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from preservation.bagit.write import write_bag
from preservation.description import (
    METADATA,
    DocumentDescription,
    DossierDescription,
    parse_metadata,
    write_metadata,
)

CODE = "000.00.12.H43.2020.31.TTr"
DOSSIER = {
    "FileCode": CODE,
    "Identifier": "H43",
    "OrganId": "000.00.12.H43",
    "FileCatalog": "2020",
    "FileNotation": "31.TTr",
    "Title": "Tập lưu tờ trình về công tác văn thư, lưu trữ năm 2020",
    "Maintenance": "20 năm",
    "Rights": "Công khai",
    "Language": "Tiếng Việt",
    "StartDate": "02/01/2020",
    "EndDate": "31/12/2020",
}
DOCUMENT = {
    "FileCode": CODE,
    "TypeName": "Tờ trình",
    "CodeNotation": "TTr-SNV",
    "IssuedDate": "15/06/2020",
    "OrganName": "Sở Nội vụ",
    "Subject": "Về việc sắp xếp kho lưu trữ",
    "Language": "Tiếng Việt",
    "PageAmount": "2",
    "Mode": "Công khai",
}


def _with(tags: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """The tags with some changed, and those that are None taken out."""
    return {tag: value for tag, value in {**tags, **changes}.items() if value is not None}


@dataclass(kw_only=True)
class BagBuilder:
    """`BagBuilder(dossier={"Title": None}).build(folder)` is a good package but for its missing title."""

    documents: int = 3
    content: bytes = b"%PDF-1.4 noi dung\n"
    """What stands in each document's file, after its ordinal; another content makes another package."""
    files: dict[str, bytes] = field(default_factory=dict)
    """The bytes of a document's file, by path; where none are given, `content`."""
    dossier: dict[str, str | None] = field(default_factory=dict)
    document: dict[str, str | None] = field(default_factory=dict)
    """Changes to the first document's tags."""
    every_document: dict[str, str | None] = field(default_factory=dict)
    links: tuple[str, ...] | None = None
    """The files that the first document names, in place of its own."""
    extra: dict[str, bytes] = field(default_factory=dict)
    """Files in the bag and its manifests that no document names."""
    rename: dict[str, str] = field(default_factory=dict)
    """Documents' files under another name, in the bag and in the metadata."""
    metadata: bytes | None = None
    """Other bytes for metadata.xml; b"" leaves the file out."""
    info: tuple[tuple[str, str], ...] = (("Source-Organization", "Sở Nội vụ"),)
    altered: str | None = None
    """A file that is changed after the manifests were written."""
    dropped: str | None = None
    added: str | None = None

    def description(self) -> DossierDescription:
        documents = tuple(self._document(number) for number in range(1, self.documents + 1))
        tags = {**DOSSIER, "TotalDoc": str(self.documents), "PageNumber": str(2 * self.documents)}
        return DossierDescription(_with(tags, self.dossier), documents)

    def _document(self, number: int) -> DocumentDescription:
        own = {
            "DocCode": f"000.00.12.H43.2020.{number}",
            "DocOrdinal": str(number),
            "CodeNumber": f"{number}",
        }
        changes = {**self.every_document, **(self.document if number == 1 else {})}
        path = f"data/{CODE}.{number:03}.pdf"
        files = (self.rename.get(path, path),) if number > 1 or self.links is None else self.links
        return DocumentDescription(_with({**DOCUMENT, **own}, changes), files)

    def payload(self) -> dict[str, Path | bytes]:
        found: dict[str, Path | bytes] = dict(self.extra)
        for number in range(1, self.documents + 1):
            path = f"data/{CODE}.{number:03}.pdf"
            found[self.rename.get(path, path)] = self.files.get(path, self.content + str(number).encode())
        metadata = write_metadata(self.description()) if self.metadata is None else self.metadata
        return {**found, METADATA: metadata} if metadata else found

    def build(self, folder: Path) -> Path:
        """Write the package into the new folder and return it."""
        write_bag(folder, self.payload(), self.info)
        if self.altered:
            path = folder / self.altered
            path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
        if self.dropped:
            (folder / self.dropped).unlink()
        if self.added:
            (folder / self.added).write_bytes(b"khong khai")
        return folder

    def zip(self, out: Path) -> Path:
        """The package as a .zip with the bag's folder inside."""
        bag = self.build(out.with_suffix(""))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(bag.rglob("*")):
                archive.write(path, path.relative_to(bag.parent).as_posix())
        return out

    def tar(self, out: Path) -> Path:
        """The package as a .tar or .tar.gz with the bag's folder inside."""
        bag = self.build(out.parent / out.name.split(".")[0])
        with tarfile.open(out, "w:gz" if out.suffix == ".gz" else "w") as archive:
            archive.add(bag, bag.name)
        return out


def description_of(bag: Path) -> DossierDescription:
    return parse_metadata((bag / METADATA).read_bytes())
