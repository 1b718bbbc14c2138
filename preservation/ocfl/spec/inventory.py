"""One inventory by itself: what it says, and every rule of OCFL 1.0 or 1.1 that it breaks (section 3.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from preservation.ocfl.findings import show
from preservation.ocfl.spec.blocks import ByPath, check_version, is_uri, read_fixity, read_manifest
from preservation.ocfl.spec.digests import ADDRESSING, LENGTHS
from preservation.ocfl.spec.json_document import NoJson, parse
from preservation.ocfl.spec.problems import Problems
from preservation.ocfl.spec.version_names import (
    VersionName,
    looks_like_a_version,
    sequence_problems,
    valid_names,
)

SPECS: Final = ("1.0", "1.1")
_TYPE = re.compile(r"https://ocfl\.io/(1\.[01])/spec/#inventory")
_KEYS = {"id", "type", "digestAlgorithm", "head", "contentDirectory", "manifest", "versions", "fixity"}


@dataclass(slots=True)
class Inventory:
    """What could be understood of it; `problems` tells the rest."""

    problems: Problems = field(default_factory=Problems)
    object_id: str | None = None
    spec: str = SPECS[-1]
    typed: bool = False
    """Whether `type` named a specification that is known here."""
    algorithm: str | None = None
    """As it stands there, whether it may be used or not."""
    content: str = "content"
    content_set: bool = False
    head: str | None = None
    names: list[VersionName] = field(default_factory=list)
    """The valid names of versions, by number."""
    versions: Mapping[str, Any] = field(default_factory=dict)
    manifest: ByPath = field(default_factory=dict)
    fixity: dict[str, ByPath] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """Whether files can be looked for by it."""
        return bool(self.names) and not self.problems.has("E033", "E041", "E106")

    def computable(self) -> str | None:
        """The algorithm if this validator can compute it, else None."""
        return self.algorithm if self.algorithm in LENGTHS else None


def read_inventory(data: bytes, *, declared: str | None = None) -> Inventory:
    """Never raises, whatever the bytes are. `declared` is the specification to go by where `type` is none."""
    found = Inventory(spec=declared or SPECS[-1])
    try:
        document, odd = parse(data)
    except NoJson as error:
        found.problems.add("E033", str(error))
        return found
    for each in odd:
        found.problems.add("E033", each)
    _read_head(document, found)
    _read_versions(document, found)
    _read_manifest(document, found)
    if "fixity" in document:
        found.fixity = read_fixity(document["fixity"], found.manifest, found.spec, found.problems)
    _check_states(document, found)
    return found


def _read_head(document: dict[str, Any], found: Inventory) -> None:
    problems = found.problems
    for key in ("id", "type", "digestAlgorithm", "head"):
        if key not in document:
            problems.add("E036", f"{key} is missing")
    for key in sorted(document.keys() - _KEYS):
        problems.add("E102", f"unknown key {show(key)}")
        if key.lower() == "fixity":
            problems.add("E055", f"the key is {show(key)}, not fixity")
    if "id" in document:
        _read_id(document["id"], found)
    if "type" in document:
        match = _TYPE.fullmatch(document["type"]) if isinstance(document["type"], str) else None
        if match:
            found.spec, found.typed = match[1], True
        else:
            problems.add("E038", f"type is {show(document['type'])}")
    if "digestAlgorithm" in document:
        _read_algorithm(document["digestAlgorithm"], found)
    if "contentDirectory" in document:
        _read_content(document["contentDirectory"], found)


def _read_id(value: object, found: Inventory) -> None:
    if not isinstance(value, str) or not value:
        found.problems.add("E037", f"id is {show(value)}")
        return
    found.object_id = value
    if not is_uri(value):
        found.problems.add("W005", f"id {show(value)} is no URI")


def _read_algorithm(value: object, found: Inventory) -> None:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        found.algorithm = value
    if value not in ADDRESSING:
        found.problems.add("E025", f"digestAlgorithm is {show(value)}, not sha512 or sha256")
    elif value != ADDRESSING[0]:
        found.problems.add("W004", f"digestAlgorithm is {value}")


def _read_content(value: object, found: Inventory) -> None:
    found.content_set = True
    spec_code = "E108" if found.spec != "1.0" else "E017"
    if not isinstance(value, str) or not value:
        found.problems.add(spec_code, f"contentDirectory is {show(value)}")
    elif "/" in value:
        found.problems.add("E017", f"contentDirectory {show(value)} has a /")
    elif value in (".", ".."):
        found.problems.add("E018", f"contentDirectory is {show(value)}")
    else:
        found.content = value


def _read_versions(document: dict[str, Any], found: Inventory) -> None:
    problems = found.problems
    if "versions" not in document:
        for code in ("E041", "E043", "E044"):
            problems.add(code, "versions is missing")
        return
    block = document["versions"]
    if not isinstance(block, dict):
        for code in ("E044", "E045"):
            problems.add(code, f"versions is {show(block)}, not an object")
        return
    for name in block:
        if VersionName.of(name) is None:
            code = "E105" if looks_like_a_version(name) or name.startswith("v") else "E104"
            problems.add(code, f"{show(name)} is no name of a version")
    found.names = valid_names(block)
    found.versions = {each.name: block[each.name] for each in found.names}
    if not found.names:
        problems.add("E008", "no version")
    for code, message in sequence_problems(found.names, "E013"):
        problems.add(code, message)
    _check_head(document, found)


def _check_head(document: dict[str, Any], found: Inventory) -> None:
    head = document.get("head")
    if isinstance(head, str) and VersionName.of(head):
        found.head = head
    if "head" not in document or not (found.names or not isinstance(head, str)):
        return
    highest = found.names[-1].name if found.names else "a version's name"
    if head != highest:
        found.problems.add("E040", f"head is {show(head)}, not {highest}")


def _read_manifest(document: dict[str, Any], found: Inventory) -> None:
    if "manifest" not in document:
        found.problems.add("E041", "manifest is missing")
        return
    if not isinstance(document["manifest"], dict):
        code = "E106" if found.spec != "1.0" else "E041"
        found.problems.add(code, f"manifest is {show(document['manifest'])}, not an object")
        return
    algorithm = found.algorithm if found.algorithm in ADDRESSING else None
    found.manifest = read_manifest(document["manifest"], algorithm, found.problems)
    for path in found.manifest:
        _check_place(path, found)


def _check_place(path: str, found: Inventory) -> None:
    """Each content path lies in the content folder of a version that there is."""
    first, _, rest = path.partition("/")
    if not first or not rest or first in (".", "..") or found.problems.has("E017", "E018", "E108"):
        return  # told already
    if first not in found.versions and VersionName.of(first):
        found.problems.add("E014", f"content path {show(path)} is of no version of this inventory")
    elif first not in found.versions or not rest.startswith(found.content + "/"):
        found.problems.add(
            "E042", f"content path {show(path)} is in no version's {show(found.content)} folder"
        )


def _check_states(document: dict[str, Any], found: Inventory) -> None:
    keys = document.get("manifest")
    digests = keys if isinstance(keys, dict) else {}
    used: set[str] = set()
    for name, version in found.versions.items():
        if not isinstance(version, dict):
            found.problems.add("E047", f"{name} is {show(version)}, not an object")
            continue
        # Without a manifest every digest would be told missing from it.
        check_version(name, version, digests if keys is not None else _Anything(), found.problems)
        if isinstance(version.get("state"), dict):
            used |= {digest.lower() for digest in version["state"]}
    for digest in digests:
        if digest.lower() not in used and found.versions:
            code = "E107" if found.spec != "1.0" else "E050"
            found.problems.add(code, f"no version uses {show(digest)}")


class _Anything(frozenset[str]):
    def __contains__(self, item: object) -> bool:
        return True
