"""One broken object for each code of the specification's table. Each case says its code and breaks a good object."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.preservation.ocfl.spec.built import Built, Document, edit, load, save

ONE = Built(versions=({"a.txt": b"1"},))
TWO = Built()
OLD = Built(spec="1.0")
INVENTORY, SIDECAR = "inventory.json", "inventory.json.sha512"


class Case(NamedTuple):
    codes: str
    """Every one of these is told."""
    built: Built
    damage: Callable[[Path], object]


def case(codes: str, damage: Callable[[Path], object], built: Built = ONE) -> Case:
    return Case(codes, built, damage)


def write(path: str, data: bytes | str = b"x") -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data.encode() if isinstance(data, str) else data)

    return damage


def gone(path: str) -> Callable[[Path], None]:
    return lambda folder: (
        shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()
    )


def renamed(path: str, to: str) -> Callable[[Path], object]:
    return lambda folder: (folder / path).rename(folder / to)


def set_to(**values: Any) -> Callable[[Path], None]:
    return edit(lambda document: document.update(values))


def without(*keys: str) -> Callable[[Path], None]:
    return edit(lambda document: [document.pop(key) for key in keys])


def versions(change: Callable[[Document], object], *places: str) -> Callable[[Path], None]:
    return edit(lambda document: change(document["versions"]), *places)


def v1(change: Callable[[Document], object], *places: str) -> Callable[[Path], None]:
    return edit(lambda document: change(document["versions"]["v1"]), *places)


def manifest(change: Callable[[Document], object], *places: str) -> Callable[[Path], None]:
    return edit(lambda document: change(document["manifest"]), *places)


def content_path(path: object) -> Callable[[Path], None]:
    """The one file of the manifest gets this path."""
    return manifest(lambda block: block.update({digest: [path] for digest in block}))


def logical_path(*paths: object) -> Callable[[Path], None]:
    def change(version: Document) -> None:
        version["state"] = {digest: list(paths) for digest in version["state"]}

    return v1(change)


def fixity(**blocks: Any) -> Callable[[Path], None]:
    return edit(lambda document: document.update(fixity=blocks))


def rename_version(old: str, new: str) -> Callable[[Path], None]:
    """Everywhere: folders, keys, head, content paths."""

    def damage(folder: Path) -> None:
        (folder / old).rename(folder / new)
        for place in (folder, folder / new):
            text = (place / INVENTORY).read_text().replace(f'"{old}"', f'"{new}"')
            save(place, text.replace(f'"{old}/', f'"{new}/').encode())

    return damage


def both(*damages: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for each in damages:
            each(folder)

    return damage


def replaced(old: str, new: str, *places: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for place in places or ("", "v1"):
            save(folder / place, (folder / place / INVENTORY).read_text().replace(old, new).encode())

    return damage


def _upper_twice(block: Document) -> None:
    (digest, paths), *_ = block.items()
    block[digest.upper() if digest.upper() != digest else digest.lower()] = paths


def _wrong_version_inventory(folder: Path) -> None:
    save(folder / "v2", load(folder / "v2") | {"head": "v3"})


MD5_OF_1 = "c4ca4238a0b923820dcc509a6f75849b"
A = "v1/content/a.txt"

CASES = [
    case("E001", write("stray.txt")),
    case("E001", write("stray/file.txt")),
    case("E001", write("inventory.json.sha256", "left over from another algorithm")),
    case("E015", write("v1/inventory.json.sha256", "left over from another algorithm")),
    case("E001", write("v2", b"a file named as a version")),
    case("E001 E104", rename_version("v1", "1")),
    case("E002 E004 E003", renamed("0=ocfl_object_1.1", "0ocfl_object_1.1")),
    case("E003", gone("0=ocfl_object_1.1")),
    case("E003", write("0=ocfl_object_1.0", "ocfl_object_1.0\n")),
    case("E003 E063", both(gone("v1"), gone(INVENTORY), gone(SIDECAR), gone("0=ocfl_object_1.1"))),
    case("E004 E003", renamed("0=ocfl_object_1.1", "0=ocfl_object_0.9")),
    case("E004 E006", renamed("0=ocfl_object_1.1", "0=special_object_yeah")),
    case("E005", renamed("0=ocfl_object_1.1", "1=ocfl_object_1.1")),
    case("E006", renamed("0=ocfl_object_1.1", "0=ocfl_objekt_1.1")),
    case("E007", write("0=ocfl_object_1.1", "ocfl_object_1.1")),
    case("E007", write("0=ocfl_object_1.1", "This is not the right content!")),
    case("E008 E036", both(set_to(versions={}, manifest={}), edit(lambda d: d.pop("head")), gone("v1"))),
    case("E009", both(rename_version("v1", "v2"))),
    case("E010", gone("v1"), TWO),
    case("E010", versions(lambda block: block.update({"v4": block.pop("v2")})), TWO),
    case("E011 E013 E012", rename_version("v02", "v10"), Built(padding=2)),
    case("E012 E013", rename_version("v2", "v0002"), TWO),
    case("E013", rename_version("v2", "v02"), TWO),
    case("E014", content_path("v2/content/a.txt")),
    case("E014", content_path("v01/content/a.txt")),
    case("E015", write("v1/stray.txt")),
    case("E015", both(content_path("v1/a.txt"), renamed(A, "v1/a.txt"))),
    case("E016 E092", gone("v1/content")),
    case("E017", set_to(contentDirectory="content/dir")),
    case("E018", set_to(contentDirectory="..")),
    case("E019 E020", edit(lambda d: d.update(contentDirectory="other"), "v1"), TWO),
    case("E019", set_to(contentDirectory="content"), TWO),
    case("E020", edit(lambda d: d.update(contentDirectory="x"), "v2"), Built(versions=({"a": b"1"},) * 3)),
    case("E023", write("v1/content/extra.txt")),
    case("E023 E092", gone(A)),
    case("E023", manifest(lambda block: block.popitem(), "v1"), TWO),
    case("E024", lambda folder: (folder / "v1/content/empty").mkdir()),
    case("E025", lambda folder: None, Built(algorithms=["md5"])),
    case("E026 E056", fixity(**{"SHA-256": {}})),
    case("E029", fixity(sha1={"no digest": [A]})),
    case("E030", fixity(sha256={"g" * 64: [A]})),
    case("E031", manifest(lambda block: block.update({"not hex": block.popitem()[1]}))),
    case("E032", fixity(**{"blake2b-512": {"00": [A]}})),
    case("E033", lambda folder: save(folder, b"{")),
    case("E033", lambda folder: save(folder, b"[]")),
    case("E033", lambda folder: save(folder, b'"\xff"')),
    case("E033", replaced('"head"', '"head": "v1", "head"')),
    case("E034 E063", renamed(INVENTORY, "inventory.jsonld")),
    case("E035", content_path("v1\\content\\a.txt")),
    *(case("E036", without(key)) for key in ("id", "type", "digestAlgorithm", "head")),
    case("E037", set_to(id="")),
    case("E037", set_to(id=3)),
    case("E037 E110", edit(lambda d: d.update(id="urn:x:other"), "v1"), TWO),
    case("E037", edit(lambda d: d.update(id="urn:x:other"), "v1"), OLD),
    case("E038", set_to(type="https://ocfl.io/1.0/spec/#inventory")),
    case("E038", set_to(type="https://ocfl.io/7.0/spec/#inventory")),
    case("E038", set_to(type=1)),
    case("E039", set_to(digestAlgorithm="sha256")),
    case("E040", set_to(head="v1"), TWO),
    case("E040", set_to(head="v2")),
    case("E040", set_to(head=1)),
    case("E040", _wrong_version_inventory, Built(versions=({"a": b"1"},) * 3)),
    case("E041", without("manifest")),
    case("E041", set_to(manifest=[]), OLD),
    case("E042", content_path("v1/bad/a.txt")),
    case("E042", content_path("content/a.txt")),
    case("E043 E041 E044", without("versions")),
    case("E044 E045", set_to(versions=[])),
    case("E046", both(lambda f: [shutil.copy(f / "v1" / n, f / n) for n in (INVENTORY, SIDECAR)]), TWO),
    case("E046", gone("v2"), TWO),
    case("E047", versions(lambda block: block.update(v1=[]))),
    case("E048", v1(lambda version: version.pop("created"))),
    case("E048", v1(lambda version: version.pop("state"))),
    *(
        case("E049", v1(lambda version, bad=bad: version.update(created=bad)))  # type: ignore[misc]
        for bad in ("2019-01-01T02:03:04", "2019-01-01T01:02Z", "2019-02-29T01:02:03Z", "today", 5, None)
    ),
    case("E049 E050 E054 E094", v1(lambda v: v.update(created=1, state=2, user="3", message=4))),
    case("E050", v1(lambda v: v.update(state={d.upper(): p for d, p in v["state"].items()}))),
    case("E050", v1(lambda v: v["state"].update({"0" * 128: ["b"]}))),
    case("E050", v1(lambda v: v.update(state=dict.fromkeys(v["state"], "a.txt")))),
    case("E050", manifest(lambda block: block.update({"0" * 128: ["v1/content/b"]})), OLD),
    case("E051", logical_path("")),
    case("E051", logical_path(7)),
    case("E052", logical_path("../../a.txt")),
    case("E052", logical_path("a//b")),
    case("E053", logical_path("/a.txt")),
    case("E053 E052", logical_path("//a.txt")),
    case("E053", logical_path("a/")),
    case("E054", v1(lambda version: version.update(user={"address": "urn:x"}))),
    case("E054", v1(lambda version: version.update(user="An"))),
    case("E055 E102", set_to(Fixity={})),
    case("E056", fixity(**{"": {}})),
    case("E056", set_to(fixity=None), Built(spec="1.0", versions=({"a": b"1"},))),
    case("E057", fixity(md5=[])),
    case("E057", fixity(md5={MD5_OF_1: A})),
    case("E057", fixity(md5={"not hex": [A]})),
    case("E057 E093", fixity(md5={MD5_OF_1: ["v1/content/nowhere"]})),
    case("E058", gone(SIDECAR)),
    case("E058", gone("v1/" + SIDECAR)),
    case("E058 E059", renamed(SIDECAR, "inventory.json.sha256")),
    case("E060 E064", lambda f: (f / INVENTORY).write_bytes((f / INVENTORY).read_bytes() + b"\n")),
    case("E060", write("v1/" + SIDECAR, "0" * 128 + "  inventory.json\n"), TWO),
    case("E061", write(SIDECAR, "0" * 128)),
    case("E061", write(SIDECAR, "\xff" * 5000)),
    case("E063", gone(INVENTORY)),
    case("E064", edit(lambda d: d["versions"]["v1"].update(message="other"), "")),
    case("E066", edit(lambda d: d["versions"]["v1"]["state"].popitem(), "v1"), TWO),
    case("E066", edit(lambda d: d["versions"].update(v3=d["versions"]["v1"]), "v1"), TWO),
    case("E066", versions(lambda b: b["v1"]["state"].popitem(), "v1"), Built(algorithms=("sha256", "sha512"))),
    case("E066 E092", replaced("4dff4ea3", "5dff4ea3", "v1"), TWO),
    case("E067", write("extensions/file.txt")),
    case("E082", write("inner/0=ocfl_object_1.1", "ocfl_object_1.1\n")),
    case("E089", lambda folder: os.mkfifo(folder / "v1/content/pipe")),
    case("E090", both(renamed(A, "elsewhere"), lambda f: (f / A).symlink_to("../../elsewhere"))),
    case("E090", lambda folder: (folder / "logs").symlink_to("v1")),
    case("E090", lambda folder: (folder / "v1/content/same").hardlink_to(folder / A)),
    case("E092", write(A, b"2")),
    case("E092", manifest(lambda block: block.update(dict.fromkeys(block, A)))),
    case("E092", lambda f: replaced("6b86b273", "7b86b273", "v1")(f), Built(algorithms=("sha256", "sha512"))),
    case("E092 E093", both(fixity(md5={MD5_OF_1: [A]}), gone(A))),
    case("E093", fixity(md5={"0" * 32: [A]})),
    case("E093", fixity(size={"2": [A]})),
    case("E094", v1(lambda version: version.update(message=["stored"]))),
    case("E095", logical_path("a", "a/b")),
    case("E095", logical_path("a", "a")),
    case("E096", manifest(_upper_twice)),
    case("E096 E033", replaced('"manifest": {', '"manifest": {"4dff4ea340f0a823f15d3f4f01ab62eae0e5da579ccb851f8db'
         '9dfe84c58b2b37b89903a740e1ee172da793a6e79d560e5f7f9bd058a12a280433ed6fa46510a": [], ')),
    case("E097", edit(lambda d: d.update(fixity={"md5": {MD5_OF_1: [A], MD5_OF_1.upper(): [A]}}))),
    case("E098", content_path("")),
    case("E099", content_path("v1/content/../content/a.txt")),
    case("E099", content_path("v1/content//a.txt")),
    case("E100 E042", content_path("/v1/content/a.txt")),
    case("E100", content_path("v1/content/a.txt/")),
    case("E100 E099", fixity(md5={MD5_OF_1: ["/v1/content/a", "v1/content/../a", "v1/content//a"]})),
    case("E101", manifest(lambda block: block.update({digest: [A, A] for digest in block}))),
    case("E101", manifest(lambda block: block.update({digest: [A, A + "/b"] for digest in block}))),
    case("E102", set_to(checksum="x")),
    case("E102", v1(lambda version: version.update(type="Version"))),
    case("E102", v1(lambda version: version["user"].update(age=7))),
    case("E103", lambda folder: None, Built(specs=("1.1", "1.0"))),
    case("E104", rename_version("v1", "1")),
    case("E105", rename_version("v1", "v0")),
    case("E105", rename_version("v1", "vone")),
    case("E106", set_to(manifest=["a"])),
    case("E107", manifest(lambda block: block.update({"0" * 128: ["v1/content/b"]}))),
    case("E108", set_to(contentDirectory="")),
    case("E108", set_to(contentDirectory=["content"])),
    case("E110", edit(lambda d: d.update(id="urn:x:other"), "v1"), TWO),
    case("E111", set_to(fixity=None)),
]  # fmt: skip

WARNINGS = [
    case("W001", lambda folder: None, Built(padding=3)),
    case("W001 W004 W005", lambda folder: None, Built("bb123cd4567", padding=4, algorithms=("sha256",))),
    case("W002", write("v1/extra/file.txt")),
    case("W003", lambda folder: (folder / "v2/content").mkdir(), Built(versions=({"a": b"1"}, {}))),
    case("W004", lambda folder: None, Built(algorithms=("sha256",))),
    case("W004", lambda folder: None, Built(algorithms=("sha256", "sha512"))),
    case("W005", lambda folder: None, Built("not_a_uri")),
    case("W007", v1(lambda version: version.pop("message"))),
    case("W007", v1(lambda version: version.pop("user"))),
    case("W008", v1(lambda version: version["user"].pop("address"))),
    case("W009", v1(lambda version: version["user"].update(address="1 Wonky Way, Wibblesville"))),
    case("W010", lambda folder: None, Built(inventories=False)),
    case("W011", v1(lambda version: version.update(message="other"), "v1"), TWO),
    case("W011", v1(lambda version: version.update(created="2026-01-02T03:04:06Z"), "v1"), TWO),
    case("W011", v1(lambda version: version.update(user={"name": "B", "address": "urn:x"}), "v1"), TWO),
    case("W013", write("extensions/unregistered/config.json")),
    case("A007", fixity(crc32={"83dcefb7": [A]})),
]
