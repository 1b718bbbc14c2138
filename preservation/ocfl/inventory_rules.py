"""The rules of OCFL 1.0 and 1.1 for the JSON of our own inventories, by the specification's codes; for bytes that
anybody may have changed.

Stricter than the specification where this archive always does one thing: SHA-512, lower-case hex, versions named
v1, v2, …, the content folder named `content`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from preservation.ocfl.findings import show
from preservation.ocfl.spec.json_document import NoJson, parse

ALGORITHM = "sha512"
WRITTEN_SPEC = "1.1"
SPECS = ("1.0", WRITTEN_SPEC)
"""What can be read; the rules below are the same in both."""
INVENTORY_TYPES = {f"https://ocfl.io/{spec}/spec/#inventory": spec for spec in SPECS}
VERSION_NAME = re.compile(r"v([1-9][0-9]{0,5})")
FIXITY_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

Problem = tuple[str, str]
"""The specification's code (E…), and a sentence whose quoted parts are ASCII and short."""

_KEYS = {"id", "type", "digestAlgorithm", "head", "manifest", "versions", "fixity"}
_CONTENT_PATH = re.compile(r"v([1-9][0-9]{0,5})/content/.+", re.DOTALL)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_json(data: bytes) -> tuple[Any, tuple[Problem, ...]]:
    """The document, or the reason why it is none. Never raises, whatever the bytes are."""
    try:
        document, odd = parse(data)
    except NoJson as error:
        return None, (("E033", str(error)),)
    return document, tuple(("E033", each) for each in odd)


def problems(document: dict[str, Any]) -> Iterator[Problem]:
    """Every rule that the document breaks. The order of the steps matters: later ones rely on earlier ones."""
    if found := list(_head_problems(document)):
        yield from found
        return
    head = int(document["head"][1:])
    if found := list(_manifest_problems(document["manifest"], head)):
        yield from found
        return
    yield from _versions_problems(document["versions"], document["manifest"], head)
    yield from _fixity_problems(document.get("fixity", {}), document["manifest"])


def _head_problems(document: dict[str, Any]) -> Iterator[Problem]:
    for key in ("id", "type", "digestAlgorithm", "head"):
        if not isinstance(document.get(key), str) or not document[key]:
            yield "E036", f"{key} is missing or no text"
    for code, key in (("E041", "manifest"), ("E043", "versions")):
        if not isinstance(document.get(key), dict):
            yield code, f"{key} is missing or no object"
    if str(document.get("type")) not in INVENTORY_TYPES:
        yield "E038", f"type is {show(document.get('type'))}"
    if document.get("digestAlgorithm") != ALGORITHM:
        yield "E025", f"digestAlgorithm is {show(document.get('digestAlgorithm'))}, not {ALGORITHM}"
    if not VERSION_NAME.fullmatch(str(document.get("head"))):
        yield "E040", f"head is {show(document.get('head'))}"
    for key in sorted(document.keys() - _KEYS):
        yield "E034", f"unknown key {show(key)}"


def _manifest_problems(manifest: dict[str, Any], head: int) -> Iterator[Problem]:
    everything: list[str] = []
    for digest, paths in manifest.items():
        if not _is_hex(digest, FIXITY_LENGTHS[ALGORITHM]):
            yield "E096", f"{show(digest)} is no SHA-512 in lower-case hex"
        if not _are_texts(paths):
            yield "E092", f"the content paths of {show(digest[:12])} are no list of texts"
            continue
        everything += paths
    for path in everything:
        if any(segment in ("", ".", "..") for segment in path.split("/")):
            yield "E099", f"content path {show(path)}"
        elif not (match := _CONTENT_PATH.fullmatch(path)) or int(match[1]) > head:
            yield "E042", f"content path {show(path)} is in no version's content folder"
    yield from (("E101", f"content path {show(path)} clashes with another") for path in _clashes(everything))


def _versions_problems(versions: dict[str, Any], manifest: dict[str, Any], head: int) -> Iterator[Problem]:
    if versions and set(versions) != {f"v{n}" for n in range(1, head + 1)}:
        yield "E046", f"the versions are not v1 to v{head}"
        return
    if not versions:
        yield "E008", "no version"
    used: set[str] = set()
    for name, version in versions.items():
        if not isinstance(version, dict) or not isinstance(version.get("state"), dict):
            yield "E048", f"{name} has no state"
            continue
        yield from _version_problems(name, version)
        yield from _state_problems(name, version["state"], manifest)
        used |= version["state"].keys()
    for digest in sorted(manifest.keys() - used):
        yield "E107", f"no version uses {show(digest[:12])}"


def _version_problems(name: str, version: dict[str, Any]) -> Iterator[Problem]:
    if not _is_rfc3339(version.get("created")):
        yield "E049", f"{name}: created is {show(version.get('created'))}"
    if not isinstance(version.get("message", ""), str):
        yield "E094", f"{name}: message is no text"
    user = version.get("user", {"name": "nobody"})
    if not isinstance(user, dict) or not isinstance(user.get("name"), str) or not user["name"]:
        yield "E054", f"{name}: user has no name"
    elif not isinstance(user.get("address", ""), str):
        yield "E054", f"{name}: the user's address is no text"


def _state_problems(name: str, state: dict[str, Any], manifest: dict[str, Any]) -> Iterator[Problem]:
    everything: list[str] = []
    for digest, paths in state.items():
        if digest not in manifest:
            yield "E050", f"{name}: {show(digest[:12])} is not in the manifest"
        if not _are_texts(paths):
            yield "E050", f"{name}: the logical paths of {show(digest[:12])} are no list of texts"
            continue
        everything += paths
    for path in everything:
        if path.startswith("/") or path.endswith("/"):
            yield "E053", f"{name}: logical path {show(path)}"
        elif any(segment in ("", ".", "..") for segment in path.split("/")):
            yield "E052", f"{name}: logical path {show(path)}"
    for path in _clashes(everything):
        yield "E095", f"{name}: logical path {show(path)} clashes with another"


def _fixity_problems(fixity: object, manifest: dict[str, list[str]]) -> Iterator[Problem]:
    if not isinstance(fixity, dict):
        yield "E111", "fixity is no object"
        return
    known = {path for paths in manifest.values() for path in paths}
    for algorithm, block in fixity.items():
        if algorithm not in FIXITY_LENGTHS:
            yield "E056", f"fixity by {show(algorithm)} is not known here"
        elif not isinstance(block, dict):
            yield "E057", f"fixity of {algorithm} is no object"
        else:
            for digest, paths in block.items():
                if not _is_hex(digest, FIXITY_LENGTHS[algorithm]) or not _are_texts(paths):
                    yield "E057", f"fixity of {algorithm}: {show(digest)}"
                elif not known.issuperset(paths):
                    yield "E057", f"fixity of {algorithm}: a path of {show(digest)} is not in the manifest"


def _clashes(paths: Iterable[str]) -> Iterator[str]:
    """Paths that occur twice or stand where another needs a folder; sorted, so that neighbours tell (no n² work)."""
    ordered = sorted(path + "/" for path in paths)
    for one, next_one in pairwise(ordered):
        if next_one.startswith(one):
            yield next_one[:-1]


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and re.fullmatch(r"[0-9a-f]+", text) is not None


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each for each in value)


def _is_rfc3339(value: object) -> bool:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True
