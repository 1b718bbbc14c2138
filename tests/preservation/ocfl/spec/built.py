"""OCFL objects and roots of anybody: valid by default, and short ways to break one thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive_service.kernel.objects.trees import FolderTree
from preservation.ocfl.findings import OcflFinding
from preservation.ocfl.spec.check import Place, check
from preservation.ocfl.spec.digests import LENGTHS, digest_of

Document = dict[str, Any]
USER = {"name": "An", "address": "mailto:an@example.vn"}


@dataclass(frozen=True)
class Built:
    """Two versions of three files, as any tool could have written them."""

    object_id: str = "urn:x:object"
    spec: str = "1.1"
    specs: Sequence[str] = ()
    """Of each version, where they differ."""
    algorithms: Sequence[str] = ("sha512",)
    """Of each version; the last one goes on."""
    content: str | None = None
    padding: int = 0
    inventories: bool = True
    """Whether version folders hold inventories."""
    upper: bool = False
    fixity: Sequence[str] = ()
    versions: Sequence[Mapping[str, bytes]] = field(
        default=({"a.txt": b"1", "d/b.txt": b"2"}, {"a.txt": b"3", "d/b.txt": b"2"})
    )

    def name(self, number: int) -> str:
        return f"v{number:0{self.padding}d}"

    def build(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / f"0=ocfl_object_{self.spec}").write_text(f"ocfl_object_{self.spec}\n")
        for number in range(1, len(self.versions) + 1):
            document = self.document(number)
            for digest, paths in document["manifest"].items():
                for path in paths:
                    if path.startswith(self.name(number) + "/"):
                        (folder / path).parent.mkdir(parents=True, exist_ok=True)
                        (folder / path).write_bytes(self._bytes(number, digest))
            (folder / self.name(number)).mkdir(exist_ok=True)
            if self.inventories:
                save(folder / self.name(number), document)
        save(folder, document)
        return folder

    def document(self, head: int) -> Document:
        algorithm = self.algorithms[min(head, len(self.algorithms)) - 1]
        manifest: dict[str, list[str]] = {}
        places: dict[bytes, str] = {}
        for number, files in enumerate(self.versions[:head], 1):
            for path, data in files.items():
                if data not in places:
                    places[data] = f"{self.name(number)}/{self.content or 'content'}/{path}"
                    manifest[self._digest(data, algorithm)] = [places[data]]
        document: Document = {
            "id": self.object_id,
            "type": f"https://ocfl.io/{self.specs[head - 1] if self.specs else self.spec}/spec/#inventory",
            "digestAlgorithm": algorithm,
            "head": self.name(head),
            "manifest": manifest,
            "versions": {self.name(n): self._version(n, algorithm) for n in range(1, head + 1)},
        }
        if self.content:
            document["contentDirectory"] = self.content
        if self.fixity:
            document["fixity"] = {
                each: {self._digest(data, each): [path] for data, path in places.items()}
                for each in self.fixity
            }
        return document

    def _version(self, number: int, algorithm: str) -> Document:
        state: dict[str, list[str]] = {}
        for path, data in self.versions[number - 1].items():
            state.setdefault(self._digest(data, algorithm), []).append(path)
        return {
            "created": "2026-01-02T03:04:05Z",
            "message": f"version {number}",
            "user": USER,
            "state": state,
        }

    def _digest(self, data: bytes, algorithm: str) -> str:
        digest = digest_of(data, algorithm) if algorithm in LENGTHS else str(len(data))
        return digest.upper() if self.upper else digest

    def _bytes(self, number: int, digest: str) -> bytes:
        algorithm = self.algorithms[min(number, len(self.algorithms)) - 1]
        return next(
            data
            for files in self.versions
            for data in files.values()
            if self._digest(data, algorithm) == digest
        )


def save(folder: Path, document: Document | bytes, algorithm: str = "sha512") -> None:
    """An inventory and a sidecar that fits."""
    data = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    if isinstance(document, dict) and document.get("digestAlgorithm") in LENGTHS:
        algorithm = document["digestAlgorithm"]
    (folder / "inventory.json").write_bytes(data)
    (folder / f"inventory.json.{algorithm}").write_text(f"{digest_of(data, algorithm)} inventory.json\n")


def load(folder: Path) -> Document:
    document: Document = json.loads((folder / "inventory.json").read_bytes())
    return document


def edit(change: Callable[[Document], object], *places: str) -> Callable[[Path], None]:
    """Changes the inventories at these places (the object's and its newest version's), sidecars after them."""

    def damage(folder: Path) -> None:
        where = places or ("", max(each.name for each in folder.iterdir() if each.name.startswith("v")))
        for place in where:
            document = load(folder / place)
            change(document)
            save(folder / place, document)

    return damage


def root(folder: Path, objects: Mapping[str, Built] | None = None, spec: str = "1.1") -> Path:
    """A storage root with objects at these paths; by default one, two folders deep."""
    folder.mkdir(parents=True)
    (folder / f"0=ocfl_{spec}").write_text(f"ocfl_{spec}\n")
    for path, built in (objects if objects is not None else {"ab/cd/object": Built()}).items():
        built.build(folder / path)
    return folder


def layout(folder: Path, name: str, **settings: object) -> None:
    (folder / "ocfl_layout.json").write_text(json.dumps({"extension": name, "description": ""}))
    (folder / "extensions" / name).mkdir(parents=True)
    (folder / "extensions" / name / "config.json").write_text(json.dumps({"extensionName": name} | settings))


def findings(folder: Path, *, place: Place | None = None, digests: bool = True) -> list[OcflFinding]:
    return list(check(FolderTree(folder), place=place, digests=digests))


def codes(folder: Path, **how: Any) -> set[str]:
    return {each.code for each in findings(folder, **how)}


def errors(folder: Path) -> set[str]:
    return {each.code for each in findings(folder) if each.severity == "error"}
