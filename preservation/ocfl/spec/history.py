"""Earlier inventories against the newest one (OCFL 1.1, section 3.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from preservation.ocfl.findings import show
from preservation.ocfl.spec.inventory import Inventory

Problem = tuple[str, str]
Places = tuple[dict[str, set[str]], dict[str, set[str]]]
"""Digest → content paths, of the earlier and of the newest inventory."""


def compare(prior: Inventory, newest: Inventory, *, first: bool) -> Iterator[Problem]:
    """`first`: the prior one is that of the object's first version."""
    if prior.object_id != newest.object_id and prior.object_id and newest.object_id:
        message = f"id is {show(prior.object_id)}, the newest inventory's is {show(newest.object_id)}"
        yield "E037", message
        if newest.spec != "1.0":
            yield "E110", message
    yield from _content_directory(prior, newest, first=first)
    if prior.spec > newest.spec:
        yield "E103", f"is of OCFL {prior.spec}, the newest inventory of {newest.spec}"
    if not (prior.readable and newest.readable):
        return
    places = (_places(prior), _places(newest)) if prior.algorithm != newest.algorithm else None
    for version in prior.names:
        yield from _version(version.name, prior, newest, places)
    if prior.algorithm == newest.algorithm:
        for path, digest in prior.manifest.items():
            if newest.manifest.get(path, digest) != digest:
                yield "E092", f"the manifest gives {show(path)} another digest than the newest one"


def _content_directory(prior: Inventory, newest: Inventory, *, first: bool) -> Iterator[Problem]:
    if prior.content != newest.content:
        said = f"contentDirectory is {show(prior.content)}, the newest inventory's is {show(newest.content)}"
        yield "E020", said
        if first:
            yield "E019", said
    elif first and newest.content_set and not prior.content_set:
        yield "E019", "contentDirectory is set in the newest inventory, not in the first"


def _version(name: str, prior: Inventory, newest: Inventory, places: Places | None) -> Iterator[Problem]:
    if name not in newest.versions:
        yield "E066", f"{name} is not in the newest inventory"
        return
    old, new = prior.versions[name], newest.versions[name]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    if old == new and places is None:
        return
    for path in sorted(_differences(_by_path(old.get("state")), _by_path(new.get("state")), places))[:5]:
        yield "E066", f"{name}: logical path {show(path)} is not what it is in the newest inventory"
    for key in ("created", "message", "user"):
        if old.get(key) != new.get(key):
            yield "W011", f"{name}: {key} is not what it is in the newest inventory"


def _differences(before: Mapping[str, str], after: Mapping[str, str], places: Places | None) -> set[str]:
    """Logical paths that stand for other bytes; by digests, or by content paths where the algorithm changed."""
    different = before.keys() ^ after.keys()
    both = before.keys() & after.keys()
    if places is None:
        return different | {path for path in both if before[path] != after[path]}
    old, new = places
    return different | {
        path for path in both if not old.get(before[path], set()) <= new.get(after[path], set())
    }


def _by_path(state: object) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for digest, paths in state.items() if isinstance(state, dict) else ():
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, str):
                found[path] = digest.lower()
    return found


def _places(inventory: Inventory) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, digest in inventory.manifest.items():
        found.setdefault(digest, set()).add(path)
    return found


def spec_order(specs: list[tuple[str, str]]) -> Iterator[Problem]:
    """Name and specification of each version, in order: a later one is never of an older specification."""
    for (earlier, old), (later, new) in pairwise(specs):
        if new < old:
            yield "E103", f"{later} is of OCFL {new}, {earlier} before it of {old}"
