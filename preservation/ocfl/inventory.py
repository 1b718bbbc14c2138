"""The inventory of an OCFL object: a frozen value, and the one way its bytes are written (OCFL 1.1, section 3.5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from preservation.ocfl.inventory_rules import (
    ALGORITHM,
    INVENTORY_TYPES,
    WRITTEN_SPEC,
    Problem,
    problems,
    read_json,
)

INVENTORY = "inventory.json"
SIDECAR = f"inventory.json.{ALGORITHM}"

Paths = Mapping[str, tuple[str, ...]]
"""Digest (lower-case hex) → paths, sorted."""


class InventoryBroken(Exception):
    """`problems` tells every rule that the bytes break."""

    def __init__(self, found: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{code} {message}" for code, message in found[:5]))
        self.problems = found


@dataclass(frozen=True, slots=True)
class User:
    name: str
    address: str = ""
    """A URI, best one that stays true when names change: `urn:uuid:…`."""


@dataclass(frozen=True, slots=True)
class Version:
    created: str
    """RFC 3339, as it was written."""
    message: str
    user: User | None
    state: Paths
    """Digest → logical paths."""


@dataclass(frozen=True, slots=True)
class Inventory:
    object_id: str
    manifest: Paths
    """Digest (SHA-512) → content paths, relative to the object's folder."""
    versions: tuple[Version, ...]
    fixity: Mapping[str, Paths] = field(default_factory=dict)
    """Algorithm → digest → content paths: the sender's digests."""
    spec: str = WRITTEN_SPEC
    """An object that was begun by OCFL 1.0 stays one: its declaration is never changed."""

    @property
    def head(self) -> int:
        return len(self.versions)

    def files(self, version: int | None = None) -> dict[str, str]:
        """Logical path → SHA-512 of a version (the newest by default)."""
        state = self.versions[(version or self.head) - 1].state
        return {path: digest for digest, paths in state.items() for path in paths}

    def content_path(self, digest: str) -> str:
        """The first content path with that SHA-512; raises `KeyError`."""
        return self.manifest[digest][0]

    def content_digests(self) -> dict[str, dict[str, str]]:
        """Content path → algorithm → digest, SHA-512 and whatever the fixity block knows."""
        found = {path: {ALGORITHM: digest} for digest, paths in self.manifest.items() for path in paths}
        for algorithm, block in self.fixity.items():
            for digest, paths in block.items():
                for path in paths:
                    found[path][algorithm] = digest
        return found

    def to_bytes(self) -> bytes:
        """The same inventory is the same bytes, in every root and for ever."""
        document = {
            "id": self.object_id,
            "type": f"https://ocfl.io/{self.spec}/spec/#inventory",
            "digestAlgorithm": ALGORITHM,
            "head": f"v{self.head}",
            "manifest": _lists(self.manifest),
            "versions": {f"v{n}": _version(version) for n, version in enumerate(self.versions, 1)},
        }
        if self.fixity:
            document["fixity"] = {name: _lists(block) for name, block in self.fixity.items()}
        return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def sidecar(data: bytes) -> bytes:
    """The sidecar of an inventory's bytes."""
    return f"{hashlib.sha512(data).hexdigest()}  {INVENTORY}\n".encode()


def parse_inventory(data: bytes) -> Inventory:
    """Reads an inventory that keeps every rule of `inventory_rules`; raises `InventoryBroken` otherwise.

    Does not look at any file: `validate` does.
    """
    document, found = read_json(data)
    found = found or tuple(problems(document))
    if found:
        raise InventoryBroken(found)
    return Inventory(
        document["id"],
        _tuples(document["manifest"]),
        tuple(_read_version(document["versions"][f"v{n}"]) for n in range(1, len(document["versions"]) + 1)),
        {name: _tuples(block) for name, block in document.get("fixity", {}).items()},
        INVENTORY_TYPES[document["type"]],
    )


def _lists(paths: Paths) -> dict[str, list[str]]:
    return {digest: sorted(each) for digest, each in paths.items()}


def _tuples(block: Mapping[str, list[str]]) -> Paths:
    return {digest: tuple(sorted(paths)) for digest, paths in block.items()}


def _version(version: Version) -> dict[str, object]:
    block: dict[str, object] = {
        "created": version.created,
        "message": version.message,
        "state": _lists(version.state),
    }
    if version.user:
        block["user"] = {"name": version.user.name} | (
            {"address": version.user.address} if version.user.address else {}
        )
    return block


def _read_version(block: Mapping[str, object]) -> Version:
    user = block.get("user")
    return Version(
        str(block["created"]),
        str(block.get("message", "")),
        User(user["name"], user.get("address", "")) if isinstance(user, dict) else None,
        _tuples(block["state"]),  # type: ignore[arg-type]
    )
