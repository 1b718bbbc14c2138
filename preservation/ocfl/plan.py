"""A version planned once, to be written to many roots: every root gets the same bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from archive_service.kernel.digests import Digester, digest_file
from preservation.ocfl.content_paths import ContentPaths
from preservation.ocfl.inventory import Inventory, Paths, User, Version, parse_inventory
from preservation.ocfl.inventory_rules import ALGORITHM, FIXITY_LENGTHS, WRITTEN_SPEC
from preservation.ocfl.layout import object_path


class NothingChanged(ValueError):
    """A version is made for a change only."""


Origin = bytes | Path | Callable[[], AbstractContextManager[BinaryIO]]
"""Where bytes come from, as often as they are asked for; the last form is for bytes in another store."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """`digests` names at least `sha512`; others of md5, sha1, sha256 go into the fixity block.

    The source is read once for every root and must stay the same; a changed one is noticed by `write_version`.
    """

    source: Origin
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """`put`: logical path → file, new or replacing; `remove`: logical paths that the new version no longer has."""

    put: Mapping[str, NewFile] = field(default_factory=dict)
    remove: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class VersionPlan:
    inventory: Inventory
    data: bytes
    """The bytes of the inventory."""
    previous: bytes | None
    """The bytes of the inventory before, None for a first version."""
    contents: tuple[tuple[str, NewFile], ...]
    """Content path (from the object's folder) and file, for what no earlier version holds."""

    @property
    def object_id(self) -> str:
        return self.inventory.object_id

    @property
    def number(self) -> int:
        return self.inventory.head


def file_of(source: bytes | Path, **known: str) -> NewFile:
    """Digests the source by SHA-512; `known` are digests by other algorithms, the sender's for one."""
    if isinstance(source, bytes):
        digester = Digester(ALGORITHM)
        digester.update(source)
    else:
        digester = digest_file(source, ALGORITHM)
    return NewFile(source, known | digester.all())


def plan_version(
    object_id: str,
    previous: Inventory | None,
    changes: Changes,
    *,
    message: str,
    user: User,
    created: datetime,
) -> VersionPlan:
    """The next version of an object: its inventory and the files to be written.

    Raises `BadObjectId`, `NothingChanged`, `KeyError` (a path to remove is not there) and `InventoryBroken` (a logical
    path is empty, has "." or ".." segments, or is also a folder of another one). Equal bytes are kept once.
    """
    object_path(object_id)
    state = previous.files() if previous else {}
    for path in changes.remove:
        del state[path]
    state |= {path: file.digests[ALGORITHM] for path, file in changes.put.items()}
    if previous and state == previous.files():
        raise NothingChanged(object_id)
    number = previous.head + 1 if previous else 1
    contents = _new_contents(number, previous, changes.put)
    manifest = dict(previous.manifest if previous else {})
    manifest |= {file.digests[ALGORITHM]: (path,) for path, file in contents}
    version = Version(
        created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        message,
        user,
        _grouped(state),
    )
    inventory = Inventory(
        object_id,
        manifest,
        (*(previous.versions if previous else ()), version),
        _fixity(previous, manifest, changes.put),
        previous.spec if previous else WRITTEN_SPEC,
    )
    data = inventory.to_bytes()
    parse_inventory(data)  # what we could not read ourselves is never written
    return VersionPlan(inventory, data, previous.to_bytes() if previous else None, tuple(contents))


def _new_contents(
    number: int, previous: Inventory | None, put: Mapping[str, NewFile]
) -> list[tuple[str, NewFile]]:
    held = set(previous.manifest if previous else ())
    names = ContentPaths(f"v{number}/content")
    contents = []
    for logical, file in sorted(put.items()):
        digest = file.digests[ALGORITHM]
        if digest not in held:
            held.add(digest)
            contents.append((names.name(logical), file))
    return contents


def _grouped(state: Mapping[str, str]) -> Paths:
    grouped: dict[str, list[str]] = defaultdict(list)
    for path, digest in state.items():
        grouped[digest].append(path)
    return {digest: tuple(sorted(paths)) for digest, paths in grouped.items()}


def _fixity(previous: Inventory | None, manifest: Paths, put: Mapping[str, NewFile]) -> dict[str, Paths]:
    blocks: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for algorithm, block in (previous.fixity if previous else {}).items():
        for digest, paths in block.items():
            blocks[algorithm][digest].update(paths)
    for file in put.values():
        content = manifest[file.digests[ALGORITHM]]
        for algorithm in file.digests.keys() & FIXITY_LENGTHS.keys() - {ALGORITHM}:
            blocks[algorithm][file.digests[algorithm]].update(content)
    return {
        algorithm: {digest: tuple(sorted(paths)) for digest, paths in block.items()}
        for algorithm, block in blocks.items()
    }
