"""The blocks of an inventory: manifest, fixity, versions and their states (OCFL 1.1, sections 3.5.2 to 3.5.4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from preservation.ocfl.findings import show
from preservation.ocfl.spec.digests import ENCODING, KNOWN, LENGTHS, is_digest, is_misspelt
from preservation.ocfl.spec.json_document import Twice
from preservation.ocfl.spec.paths import clashes, content_path_problems, logical_path_problems
from preservation.ocfl.spec.problems import Problems
from preservation.ocfl.spec.timestamps import is_rfc3339

ByPath = dict[str, str]
"""Content path → digest in lower case."""

_VERSION_KEYS = {"created", "message", "state", "user"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def read_manifest(block: Mapping[str, Any], algorithm: str | None, problems: Problems) -> ByPath:
    found: ByPath = {}
    seen: set[str] = set()
    everything: list[str] = []
    if isinstance(block, Twice):
        problems.add("E096", "the manifest names a digest twice")
    for digest, paths in block.items():
        if digest.lower() in seen:
            problems.add("E096", f"the manifest names {show(digest)} twice, in upper and lower case")
        seen.add(digest.lower())
        if algorithm is not None:
            _check_form(digest, algorithm, "the manifest", problems)
        if not isinstance(paths, list) or not all(isinstance(each, str) for each in paths):
            problems.add("E092", f"the content paths of {show(digest)} are no list of texts")
            continue
        for path in paths:
            problems_of_path(path, "manifest", problems)
            found[path] = digest.lower()
            everything.append(path)
    for path in clashes(everything):
        problems.add("E101", f"manifest: content path {show(path)} clashes with another")
    return found


def _check_form(digest: str, algorithm: str, where: str, problems: Problems) -> None:
    if is_digest(digest, algorithm):
        return
    if len(digest) in LENGTHS.values() and is_digest(digest, _of_length(len(digest))):
        problems.add("E039", f"{where}: {show(digest)} is no digest by {algorithm}")
    problems.add(ENCODING[algorithm], f"{where}: {show(digest)} is no {algorithm} in hexadecimal")


def _of_length(length: int) -> str:
    return next(name for name, each in LENGTHS.items() if each == length)


def problems_of_path(path: str, where: str, problems: Problems) -> None:
    for code, message in content_path_problems(path, where):
        problems.add(code, message)


def read_fixity(
    fixity: object, manifest: Collection[str], spec: str, problems: Problems
) -> dict[str, ByPath]:
    """By algorithm; those that nobody here can compute are left out (E028), with a warning."""
    if not isinstance(fixity, dict):
        problems.add("E111" if spec != "1.0" else "E056", f"fixity is {show(fixity)}, not an object")
        return {}
    found: dict[str, ByPath] = {}
    for algorithm, block in fixity.items():
        if is_misspelt(algorithm):
            problems.add(
                "E056", f"fixity by {show(algorithm)}: no such algorithm; is another spelling meant?"
            )
            problems.add("E026", f"fixity by {show(algorithm)}: not of the controlled vocabulary")
        elif not isinstance(block, dict):
            problems.add("E057", f"fixity by {show(algorithm)} is no object")
        else:
            if algorithm not in KNOWN:
                problems.add(
                    "A007", f"fixity by {show(algorithm)}: not known here, its digests are not compared"
                )
            found[algorithm] = _read_fixity_block(algorithm, block, problems)
    for algorithm, paths in found.items():
        for path in paths.keys() - set(manifest):
            problems.add("E057", f"fixity by {show(algorithm)}: {show(path)} is not in the manifest")
    return {algorithm: paths for algorithm, paths in found.items() if algorithm in KNOWN}


def _read_fixity_block(algorithm: str, block: Mapping[str, Any], problems: Problems) -> ByPath:
    where, found = f"fixity by {show(algorithm)}", ByPath()
    seen: set[str] = set()
    everything: list[str] = []
    if isinstance(block, Twice):
        problems.add("E097", f"{where} names a digest twice")
    for digest, paths in block.items():
        if algorithm in KNOWN:
            if digest.lower() in seen:
                problems.add("E097", f"{where} names {show(digest)} twice, in upper and lower case")
            if not is_digest(digest, algorithm):
                problems.add(ENCODING.get(algorithm, "E057"), f"{where}: {show(digest)} is no such digest")
        seen.add(digest.lower())
        if not isinstance(paths, list) or not all(isinstance(each, str) for each in paths):
            problems.add("E057", f"{where}: the content paths of {show(digest)} are no list of texts")
            continue
        for path in paths:
            problems_of_path(path, where, problems)
            found[path] = digest.lower()
            everything.append(path)
    for path in clashes(everything):
        problems.add("E101", f"{where}: content path {show(path)} clashes with another")
    return found


def check_version(
    name: str, version: Mapping[str, Any], digests: Collection[str], problems: Problems
) -> None:
    """A version block against the manifest's keys, which a state must repeat to the letter (E050)."""
    for key in ("created", "state"):
        if key not in version:
            problems.add("E048", f"{name}: {key} is missing")
    if "created" in version and not is_rfc3339(version["created"]):
        problems.add("E049", f"{name}: created is {show(version['created'])}")
    if "message" in version and not isinstance(version["message"], str):
        problems.add("E094", f"{name}: message is {show(version['message'])}, not a text")
    for key in ("message", "user"):
        if key not in version:
            problems.add("W007", f"{name}: {key} is missing")
    if "user" in version:
        _check_user(name, version["user"], problems)
    for key in sorted(version.keys() - _VERSION_KEYS):
        problems.add("E102", f"{name}: unknown key {show(key)}")
    if "state" in version:
        _check_state(name, version["state"], digests, problems)


def _check_user(name: str, user: object, problems: Problems) -> None:
    if not isinstance(user, dict) or not isinstance(user.get("name"), str) or not user["name"]:
        problems.add("E054", f"{name}: user is {show(user)}, without a name")
        return
    address = user.get("address")
    if address is None and "address" not in user:
        problems.add("W008", f"{name}: the user has no address")
    elif not isinstance(address, str):
        problems.add("E054", f"{name}: the user's address is {show(address)}, not a text")
    elif not is_uri(address):
        problems.add("W009", f"{name}: the user's address {show(address)} is no URI")
    for key in sorted(user.keys() - {"name", "address"}):
        problems.add("E102", f"{name}: unknown key {show(key)} of the user")


def _check_state(name: str, state: object, digests: Collection[str], problems: Problems) -> None:
    if not isinstance(state, dict):
        problems.add("E050", f"{name}: state is {show(state)}, not an object")
        return
    everything: list[str] = []
    if isinstance(state, Twice):
        problems.add("E050", f"{name}: the state names a digest twice")
    for digest, paths in state.items():
        if digest not in digests:
            problems.add("E050", f"{name}: {show(digest)} is not in the manifest")
        if not isinstance(paths, list):
            problems.add("E050", f"{name}: the logical paths of {show(digest)} are no list")
            continue
        for path in paths:
            for code, message in logical_path_problems(path, name):
                problems.add(code, message)
        everything += (path for path in paths if isinstance(path, str))
    for path in clashes(everything):
        problems.add("E095", f"{name}: logical path {show(path)} clashes with another")
