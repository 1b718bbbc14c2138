"""Holds our own objects and roots to what this archive writes: structure, inventories, digests. What is read may be
hostile; nothing is believed and nothing is changed. Others' OCFL is judged by `spec`, which knows every dialect.

Codes are those of the OCFL 1.1 validation codes (https://ocfl.io/1.1/spec/validation-codes.html), and the archive's own:

    A001  there is no such object
    A002  the bytes are valid, but not those that this archive writes
    A003  the object is not where the storage layout puts it
    A004  a file cannot be read
    A005  an earlier inventory disagrees with the newest one about more than states
    A006  a version folder has no inventory
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archive_service.kernel.digests import digest_stream
from archive_service.kernel.objects import ObjectInfo, ObjectMissing, ObjectStore, StoreProblem
from preservation.ocfl.findings import OcflFinding, show
from preservation.ocfl.inventory import INVENTORY, SIDECAR, Inventory
from preservation.ocfl.inventory_rules import ALGORITHM, VERSION_NAME, WRITTEN_SPEC
from preservation.ocfl.layout import (
    DECLARATION,
    DECLARATION_BYTES,
    OCFL_ROOT,
    ROOT_FILES,
    object_id_at,
    object_path,
)
from preservation.ocfl.state import read_small
from preservation.ocfl.store import object_paths
from preservation.ocfl.validate_inventories import Reading, check_inventories, read_inventories

__all__ = ["OcflFinding", "check", "check_digests"]

_OBJECT_DEPTH = 5
"""Segments of an object's folder: `ocfl/abc/def/012/name`."""


def check(store: ObjectStore, object_id: str | None = None, *, digests: bool = True) -> Iterator[OcflFinding]:
    """Everything wrong with one object, or with the whole storage root; nothing is yielded when all is good.

    Without `digests`, content files are only seen to be there. Raises `StoreAway` and `BadObjectId`.
    """
    if object_id is not None:
        yield from _check_object(store, object_path(object_id), digests=digests)
        return
    yield from _check_root(store)
    for path in object_paths(store):
        yield from _check_object(store, path, digests=digests)


def check_digests(store: ObjectStore, path: str, inventory: Inventory) -> Iterator[OcflFinding]:
    """Reads every content file of the object at `path`, past the caches, by all digests in one pass (E092, E093)."""
    for name, expected in sorted(inventory.content_digests().items()):
        try:
            with store.open(f"{path}/{name}", fresh=True) as stream:
                got = digest_stream(stream, *expected).all()
        except ObjectMissing:
            continue  # told by the structure already
        except (StoreProblem, OSError) as error:
            yield OcflFinding("A004", f"{path}/{name}", f"cannot be read: {show(error)}")
            continue
        for algorithm, digest in expected.items():
            if got[algorithm] != digest:
                code = "E092" if algorithm == ALGORITHM else "E093"
                yield OcflFinding(
                    code, f"{path}/{name}", f"{algorithm} is {got[algorithm][:16]}…, expected {digest[:16]}…"
                )


def _check_root(store: ObjectStore) -> Iterator[OcflFinding]:
    for key, expected in ROOT_FILES.items():
        got = read_small(store, key, 4096)
        if got is None:
            yield OcflFinding("E069" if key.endswith("0=ocfl_1.1") else "A002", key, "is missing")
        elif got != expected:
            yield OcflFinding("E080" if key.endswith("0=ocfl_1.1") else "A002", key, f"is {show(got)}")
    for info in store.list(OCFL_ROOT):
        depth = info.key.count("/")
        if info.key in ROOT_FILES and info.regular:
            continue
        # A bucket takes "a//b", and no walk over folders would meet it.
        empty = info.key.endswith("/") and depth == _OBJECT_DEPTH
        outside = depth < _OBJECT_DEPTH or empty or "//" in info.key
        if outside or info.key.startswith(f"{OCFL_ROOT}/extensions/"):
            code = "E073" if info.key.endswith("/") else "E090" if not info.regular else "E072"
            yield OcflFinding(code, show(info.key)[1:-1], "belongs to no object")


def _check_object(store: ObjectStore, path: str, *, digests: bool) -> Iterator[OcflFinding]:
    try:
        infos = {info.key[len(path) + 1 :]: info for info in store.list(path)}
    except StoreProblem as error:
        yield OcflFinding("A004", path, f"cannot be read: {show(error)}")
        return
    if not infos:
        yield OcflFinding("A001", path, "no such object")
        return
    shape = _Shape.of(infos)
    yield from _check_structure(store, path, infos, shape)
    reading = read_inventories(store, path, shape.numbers)
    yield from check_inventories(path, reading)
    newest = reading.newest
    if newest is None:
        return
    yield from _check_place(path, reading, newest)
    yield from _check_content(path, shape, newest)
    if digests:
        yield from check_digests(store, path, newest)


@dataclass(frozen=True, slots=True)
class _Shape:
    """The files of an object by what they are for; names are relative to the object."""

    numbers: tuple[int, ...]
    """Numbers of the version folders, ascending."""
    content: frozenset[str]
    strange: tuple[tuple[str, str], ...]
    """Code and name of what has no place in an object."""

    @classmethod
    def of(cls, infos: dict[str, ObjectInfo]) -> _Shape:
        numbers: set[int] = set()
        content: set[str] = set()
        strange: list[tuple[str, str]] = []
        for name, info in sorted(infos.items()):
            first, _, rest = name.partition("/")
            match = VERSION_NAME.fullmatch(first)
            if match and rest:
                numbers.add(int(match[1]))
            if not info.regular:
                strange.append(("E024" if name.endswith("/") else "E090", name))
            elif match and rest.startswith("content/"):
                content.add(name)
            elif match and rest:
                if rest not in (INVENTORY, SIDECAR):
                    strange.append(("E015", name))
            elif name not in (DECLARATION, INVENTORY, SIDECAR):
                strange.append(("E003" if name.startswith("0=") else "E001", name))
        return cls(tuple(sorted(numbers)), frozenset(content), tuple(strange))


def _check_structure(
    store: ObjectStore, path: str, infos: dict[str, ObjectInfo], shape: _Shape
) -> Iterator[OcflFinding]:
    for code, name in shape.strange:
        yield OcflFinding(code, f"{path}/{show(name)[1:-1]}", "has no place in an object")
    declaration = f"{path}/{DECLARATION}"
    if DECLARATION not in infos:
        yield OcflFinding("E003", declaration, "is missing")
    elif (got := _read(store, declaration)) != DECLARATION_BYTES:
        yield OcflFinding("E007", declaration, f"is {show(got)}")
    if not shape.numbers:
        yield OcflFinding("E008", path, "no version")
    elif shape.numbers != tuple(range(1, len(shape.numbers) + 1)):
        code = "E009" if shape.numbers[0] != 1 else "E010"
        yield OcflFinding(code, path, f"the version folders are {shape.numbers[:20]}")


def _check_place(path: str, reading: Reading, newest: Inventory) -> Iterator[OcflFinding]:
    if object_id_at(path) != newest.object_id:
        yield OcflFinding("A003", path, f"the inventory's id is {show(newest.object_id)}")
    if newest.spec != WRITTEN_SPEC:
        yield OcflFinding("E038", f"{path}/{INVENTORY}", f"is of OCFL {newest.spec}, not {WRITTEN_SPEC}")
    highest = max(reading.versions, default=0)
    if newest.head != highest:
        yield OcflFinding("E040", path, f"head is v{newest.head}, the newest folder is v{highest}")


def _check_content(path: str, shape: _Shape, newest: Inventory) -> Iterator[OcflFinding]:
    expected = newest.content_digests().keys()
    for name in sorted(expected - shape.content):
        yield OcflFinding("E092", f"{path}/{show(name)[1:-1]}", "is missing")
    for name in sorted(shape.content - expected):
        yield OcflFinding("E023", f"{path}/{show(name)[1:-1]}", "is in no manifest")


def _read(store: ObjectStore, key: str) -> bytes | str:
    try:
        return read_small(store, key, 4096) or b""
    except (StoreProblem, OSError) as error:
        return show(error)
