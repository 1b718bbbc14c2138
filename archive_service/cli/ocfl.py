"""OCFL storage roots and objects of anybody: on folders and in buckets."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

import typer

from archive_service.cli.frame import AsJson, both, group, report, require_path
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import ObjectStore, open_store, tree_of
from archive_service.kernel.objects.trees import Entry, Kind, Tree
from archive_service.kernel.settings import load_settings
from preservation.ocfl.findings import OcflFinding
from preservation.ocfl.layout import OCFL_ROOT, object_id_at
from preservation.ocfl.profile import Ours, check_place
from preservation.ocfl.spec.codes import CODES
from preservation.ocfl.spec.layouts import LAYOUT_FILE
from preservation.ocfl.spec.reading import INVENTORY
from preservation.roots.markers import MARKER

ocfl = group("ocfl", "OCFL storage roots and objects.")


class Profile(StrEnum):
    auto = "auto"
    spec = "spec"
    archive = "archive"


@ocfl.command("check")
def check_a_tree(
    place: Annotated[
        str, typer.Argument(metavar="ROOT|OBJECT", help="A folder, or s3://bucket/prefix?endpoint=…")
    ],
    no_digest: Annotated[bool, typer.Option("--no-digest", help="Do not read the contents.")] = False,
    profile: Annotated[
        Profile,
        typer.Option(
            help="`spec`: OCFL alone. `archive`: also what this archive would write. `auto`: that for its roots."
        ),
    ] = Profile.auto,
    as_json: AsJson = False,
) -> None:
    """OCFL 1.0 and 1.1: every rule of the specification, for a storage root or one object. Warnings alone are good."""
    tree, ours = _place(place, profile)
    findings = list(check_place(tree, ours, digests=not no_digest))
    errors = sum(each.severity == "error" for each in findings)
    report([_plain(each) for each in findings], _lines(findings, errors), as_json=as_json, good=not errors)


def _plain(found: OcflFinding) -> dict[str, str]:
    return {
        "code": found.code,
        "severity": found.severity,
        "path": found.path,
        "sentence": both(*CODES[found.code]),
        "message": found.message,
    }


def _lines(findings: list[OcflFinding], errors: int) -> list[str]:
    words = {"error": both("LỖI", "ERROR"), "warning": both("CẢNH BÁO", "WARNING")}
    told = [
        f"{words[each.severity]} {each.code} {each.path or '.'}: {both(*CODES[each.code])} ({each.message})"
        for each in findings
    ]
    if not findings:
        return [both("Không có lỗi.", "No faults.")]
    warnings = len(findings) - errors
    return [*told, both(f"{errors} lỗi, {warnings} cảnh báo.", f"{errors} errors, {warnings} warnings.")]


def _place(place: str, profile: Profile) -> tuple[Tree, Ours | None]:
    """The tree to be judged, and where it lies in a root of ours (`archive-root.json` beside a folder `ocfl`)."""
    url = place
    if urlsplit(place).scheme not in ("s3", "file"):
        require_path(Path(place))
        url = Path(place).absolute().as_uri()
    tree = _tree(url)
    top = _top(tree, place)
    marked = _has_marker(url)
    if marked or _holds_a_root(tree, top):
        ours = Ours(_store(url)) if marked or profile is Profile.archive else None
        return _tree(_joined(url, OCFL_ROOT)), None if profile is Profile.spec else ours
    return tree, None if profile is Profile.spec else _ours(place, url, profile)


def _top(tree: Tree, place: str) -> list[Entry]:
    try:
        top = tree.children("")
    except OSError as error:
        raise NotPossible(
            f"Không đọc được {place}.", f"{place} cannot be read.", name="no-such-file"
        ) from error
    if not top and not (tree.has_empty_folders and _is_folder(place)):
        raise NotPossible(f"Không có gì ở {place}.", f"There is nothing at {place}.", name="no-such-file")
    return top


def _is_folder(place: str) -> bool:
    parts = urlsplit(place)
    return Path(unquote(parts.path) if parts.scheme == "file" else place).is_dir()


def _holds_a_root(tree: Tree, top: list[Entry]) -> bool:
    """A folder that is no OCFL itself, with a storage root in its folder `ocfl`: a store without its marker."""
    names = {each.name for each in top if each.kind is not Kind.folder}
    if INVENTORY in names or any(each.startswith("0=ocfl_") for each in names):
        return False
    inner = {each.name for each in tree.children(OCFL_ROOT)}
    return LAYOUT_FILE in inner or any(each.startswith("0=ocfl_1") for each in inner)


def _ours(place: str, url: str, profile: Profile) -> Ours | None:
    """The root of ours in which the place lies: each folder above it is looked at that holds an `ocfl`."""
    parts = urlsplit(url)
    segments = unquote(parts.path).strip("/").split("/")
    for depth in range(len(segments) - 1, -1, -1):
        if segments[depth] != OCFL_ROOT:
            continue
        store = _with_path(url, segments[:depth])
        path = "/".join(segments[depth:])
        object_id = None if path == OCFL_ROOT else object_id_at(path)
        known = path == OCFL_ROOT or object_id is not None
        if known and (profile is Profile.archive or _has_marker(store)):
            return Ours(_store(store), object_id, path)
    if profile is Profile.archive:
        raise NotPossible(
            f"{place}: không nằm trong một kho do phần mềm này sắp xếp.",
            f"{place}: this does not lie where this archive puts roots and objects.",
        )
    return None


def _has_marker(url: str) -> bool:
    return _store(url).stat(MARKER) is not None


def _joined(url: str, name: str) -> str:
    return _with_path(url, [*filter(None, unquote(urlsplit(url).path).strip("/").split("/")), name])


def _with_path(url: str, segments: list[str]) -> str:
    return urlsplit(url)._replace(path="/" + quote("/".join(segments))).geturl()


def _tree(url: str) -> Tree:
    return tree_of(_store(url))


@lru_cache(maxsize=16)
def _store(url: str) -> ObjectStore:
    access_key, secret_key = _keys(url)
    return open_store(url, access_key=access_key, secret_key=secret_key)


def _keys(url: str) -> tuple[str | None, str | None]:
    """Those of the settings where the address is one of the configured roots, or lies in one."""
    if urlsplit(url).scheme != "s3":
        return None, None
    settings = load_settings()
    for root in settings.storage:
        if root.credentials and _lies_in(url, root.url):
            keys = settings.credentials[root.credentials]
            return keys.access_key, keys.secret_key.get_secret_value()
    return None, None


def _lies_in(url: str, root: str) -> bool:
    inner, outer = urlsplit(url), urlsplit(root)
    same = (inner.scheme, inner.netloc, inner.query) == (outer.scheme, outer.netloc, outer.query)
    return same and f"{inner.path.rstrip('/')}/".startswith(f"{outer.path.rstrip('/')}/")
