"""mẫu hỏng cài sẵn: objects known to be bad, good and missing in an OCFL root of their own beside each root.

Every audit walks them by the code that it walks records by. One that is not reported exactly as it was broken means that
the alarm itself is dead: whatever that audit says of the records is worth nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from archive_service.kernel.objects import ObjectStore
from preservation.ocfl.inventory import INVENTORY, SIDECAR, User
from preservation.ocfl.layout import DECLARATION, ROOT_FILES, object_path
from preservation.ocfl.plan import Changes, file_of, plan_version
from preservation.ocfl.state import read_small
from preservation.verify import expected_files, verify_copy

CANARIES = "canaries"
"""First segment of every key of theirs, beside `ocfl/`."""
FILE, OTHER = "v1/content/data/1.txt", "v1/content/data/2.txt"
US = User("vn-archive", "urn:vn-archive:software")
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""Fixed: the same bytes in every root of every archive, known without a database."""

Files = dict[str, bytes]
Fault = tuple[str, str]
"""Kind and path, as `CopyFault` has them."""


@dataclass(frozen=True, slots=True)
class Canary:
    """`files`: what lies in the store, broken already; `faults`: exactly what an audit must say of it."""

    name: str
    object_id: str
    inventory_digest: str
    senders: Mapping[str, str]
    files: Mapping[str, bytes]
    faults: frozenset[Fault]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one audit said of the canaries: `reported` of the `known` bad ones, and each that was told wrongly."""

    known: int
    reported: int
    wrong: tuple[str, ...]


def _flip(files: Files, path: str, place: int = 0) -> None:
    data = files[path]
    files[path] = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _change(files: Files) -> None:
    """One bit of one file. The sender's digest of the other is another one, though our inventory agrees with it."""
    _flip(files, FILE)


def _drop(files: Files) -> None:
    del files[FILE]


def _add(files: Files) -> None:
    files["v1/content/la.txt"] = b"la"


def _change_inventory(files: Files) -> None:
    """Still a good inventory, only not the one that the catalogue knows."""
    files[INVENTORY] = files[INVENTORY].replace(b'"message": "Sample', b'"message": "sample')
    if files[INVENTORY] == files[f"v1/{INVENTORY}"]:
        raise AssertionError("the sample's inventory was not changed")


def _change_case(files: Files) -> None:
    """The same number in hexadecimal: equal to whoever compares without regard to case."""
    digest, _, rest = files[SIDECAR].partition(b" ")
    files[SIDECAR] = digest.upper() + b" " + rest
    _flip(files, DECLARATION, len(files[DECLARATION]) - 2)


def _gone(files: Files) -> None:
    files.clear()


def _good(files: Files) -> None:
    """Nothing is wrong with it, and nothing may be said."""


#: Name → how it is broken, and what must be said of it.
BROKEN: dict[str, tuple[Callable[[Files], None], frozenset[Fault]]] = {
    "changed": (_change, frozenset({("changed", FILE), ("changed", OTHER)})),
    "missing": (_drop, frozenset({("missing", FILE)})),
    "extra": (_add, frozenset({("extra", "v1/content/la.txt")})),
    "inventory": (_change_inventory, frozenset({("changed", INVENTORY)})),
    "sidecar": (_change_case, frozenset({("changed", SIDECAR), ("changed", DECLARATION)})),
    "gone": (_gone, frozenset({("missing", INVENTORY)})),
    "good": (_good, frozenset()),
}


@cache
def canaries() -> tuple[Canary, ...]:
    return tuple(_canary(name, spoil, faults) for name, (spoil, faults) in BROKEN.items())


def _canary(name: str, spoil: Callable[[Files], None], faults: frozenset[Fault]) -> Canary:
    bodies = {f"data/{n}.txt": f"Mẫu {n} của {name}: không phải tài liệu.\n".encode() for n in (1, 2)}
    senders = {path: hashlib.sha256(data).hexdigest() for path, data in bodies.items()}
    put = {path: file_of(data, sha256=senders[path]) for path, data in bodies.items()}
    object_id = f"urn:vn-archive:canary:{name}"
    plan = plan_version(object_id, None, Changes(put), message=f"Sample {name}", user=US, created=MADE)
    files: Files = {path: data for path, data in expected_files(plan.inventory).items() if data is not None}
    files |= {f"v1/content/{path}": data for path, data in bodies.items()}
    spoil(files)
    if name == "changed":
        senders["data/2.txt"] = hashlib.sha256(b"what the sender sent").hexdigest()
    return Canary(name, object_id, hashlib.sha512(plan.data).hexdigest(), senders, files, faults)


def hear_canaries(store: ObjectStore) -> Heard:
    """Walks the canaries of a root as records are walked. Raises `StoreAway`."""
    reported, wrong = 0, []
    for each in canaries():
        found = verify_copy(store, each.object_id, each.inventory_digest, each.senders, below=CANARIES)
        told = frozenset((fault.kind, fault.path) for fault in found)
        if told != each.faults:
            wrong.append(f"{each.name}: {_words(told)}, not {_words(each.faults)}")
        elif each.faults:
            reported += 1
    return Heard(sum(bool(each.faults) for each in canaries()), reported, tuple(wrong))


def _words(faults: frozenset[Fault]) -> str:
    return ", ".join(sorted(f"{kind} {path}" for kind, path in faults)) or "no fault"


def canaries_laid(store: ObjectStore) -> bool:
    """Whether there are any: a root of an earlier version, or one that lost them, has none."""
    return next(iter(store.list(CANARIES)), None) is not None


def lay_canaries(store: ObjectStore) -> None:
    """Makes them what they must be, whatever is there; again is fine. Raises `StoreAway`."""
    wanted = {f"{CANARIES}/{key}": data for key, data in ROOT_FILES.items()}
    for each in canaries():
        folder = f"{CANARIES}/{object_path(each.object_id)}"
        wanted |= {f"{folder}/{path}": data for path, data in each.files.items()}
    for info in list(store.list(CANARIES)):
        if info.key not in wanted or not info.regular:
            store.delete_tree(info.key.rstrip("/"))
    for key, data in wanted.items():
        if read_small(store, key, len(data)) != data:
            store.put(key, data)
