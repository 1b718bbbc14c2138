"""What lies in an object's folder, sorted by what each thing is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from archive_service.kernel.objects.trees import Entry, Kind
from preservation.ocfl.spec.inventory import Inventory
from preservation.ocfl.spec.reading import INVENTORY
from preservation.ocfl.spec.version_names import looks_like_a_version

REGISTERED = frozenset(
    {
        "initial",
        "0000-example-extension",
        "0001-digest-algorithms",
        "0002-flat-direct-storage-layout",
        "0003-hash-and-id-n-tuple-storage-layout",
        "0004-hashed-n-tuple-storage-layout",
        "0005-mutable-head",
        "0006-flat-omit-prefix-storage-layout",
        "0007-n-tuple-omit-prefix-storage-layout",
        "0008-schema-registry",
        "0009-digest-algorithms",
        "0010-differential-n-tuple-omit-prefix-storage-layout",
        "0011-direct-clean-path-layout",
        "0012-hash-and-no-prefix-id-n-tuple-storage-layout",
    }
)
"""The extensions registered at github.com/OCFL/extensions when this was written."""


@dataclass(slots=True)
class VersionFolder:
    files: dict[str, Entry] = field(default_factory=dict)
    """Directly in it."""
    folders: set[str] = field(default_factory=set)
    inner: dict[str, Entry] = field(default_factory=dict)
    """Everything deeper, by path from the object's folder: files, empty folders, links."""


@dataclass(slots=True)
class Shape:
    """Paths are relative to the object's folder."""

    files: dict[str, Entry] = field(default_factory=dict)
    """Directly in the object's folder."""
    versions: dict[str, VersionFolder] = field(default_factory=dict)
    """Folders whose names look like a version's."""
    folders: dict[str, set[str]] = field(default_factory=dict)
    """Other folders, with the names of what lies directly in them; of files with a / before."""
    odd: list[tuple[str, Entry]] = field(default_factory=list)
    """Links, devices, folders that cannot be read."""
    twins: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    """Device and inode → paths, of files with several names."""
    _contents: dict[tuple[str, str], dict[str, Entry]] = field(default_factory=dict)
    _everything: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, folder: str, entries: Iterable[Entry]) -> Shape:
        made = cls()
        cut = len(folder) + 1 if folder else 0
        for entry in entries:
            made._add(entry.path[cut:], entry)
        return made

    def _add(self, path: str, entry: Entry) -> None:
        first, slash, rest = path.partition("/")
        if entry.kind not in (Kind.file, Kind.folder):
            self.odd.append((path, entry))
        if entry.twin:
            self.twins.setdefault(entry.twin, []).append(path)
        if not slash and entry.kind is not Kind.folder:
            self.files[first] = entry
        elif looks_like_a_version(first):
            self._add_to_version(first, rest, path, entry)
        else:
            inside = self.folders.setdefault(first, set())
            name, deeper, _ = rest.partition("/")
            if rest:
                inside.add(name if deeper or entry.kind is Kind.folder else f"/{name}")

    def _add_to_version(self, version: str, rest: str, path: str, entry: Entry) -> None:
        held = self.versions.setdefault(version, VersionFolder())
        name, deeper, _ = rest.partition("/")
        if not rest:
            return
        if deeper or entry.kind is Kind.folder:
            held.folders.add(name)
            held.inner[path] = entry
        else:
            held.files[name] = entry

    def content_of(self, inventory: Inventory) -> dict[str, Entry]:
        """Path → file of the content folders of the inventory's versions, by the name that it gives them."""
        found: dict[str, Entry] = {}
        for version in inventory.versions:
            if version in self.versions:
                found |= self._content(version, inventory.content)
        return found

    def _content(self, version: str, name: str) -> dict[str, Entry]:
        if (version, name) not in self._contents:
            self._contents[version, name] = {
                path: entry
                for path, entry in self.versions[version].inner.items()
                if entry.kind is not Kind.folder and path.startswith(f"{version}/{name}/")
            }
        return self._contents[version, name]

    def everything(self) -> set[str]:
        """Every file in version folders, wherever it lies."""
        if not self._everything:
            self._everything = {
                path
                for version, held in self.versions.items()
                for path in (*held.inner, *(f"{version}/{name}" for name in held.files))
            }
        return self._everything


def is_sidecar(name: str) -> bool:
    return name.startswith(INVENTORY + ".")
