"""What may lie in an object's folder and in its version folders (OCFL 1.1, sections 3.1, 3.3, 3.8, 3.9, 4.6)."""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.objects.trees import Entry, Kind, Tree
from preservation.ocfl.findings import OcflFinding, shown_path
from preservation.ocfl.spec.declarations import declares_an_object, looks_like_a_declaration
from preservation.ocfl.spec.inventory import Inventory
from preservation.ocfl.spec.reading import INVENTORY
from preservation.ocfl.spec.shape import REGISTERED, Shape, VersionFolder, is_sidecar
from preservation.ocfl.spec.version_names import sequence_problems, valid_names


def check_folders(tree: Tree, folder: str, shape: Shape, spec: str | None) -> Iterator[OcflFinding]:
    """Faults that can be seen without any inventory."""
    base = f"{folder}/" if folder else ""
    for name in sorted(shape.files):
        if not (name == INVENTORY or is_sidecar(name) or looks_like_a_declaration(name)):
            yield OcflFinding("E001", shown_path(base + name), "has no place in an object")
    for name in sorted(shape.folders):
        if name == "extensions":
            yield from extensions_problems(base + name, shape.folders[name], "E067", "W013")
        elif name != "logs":
            yield OcflFinding("E001", shown_path(base + name), "has no place in an object")
            if declares_an_object([each.removeprefix("/") for each in shape.folders[name]]):
                yield OcflFinding("E082", shown_path(base + name), "is an object within an object")
    for path, entry in shape.odd:
        yield odd_finding(base + path, entry)
    for paths in shape.twins.values():
        for path in paths[1:]:
            yield OcflFinding("E090", shown_path(base + path), f"is a hard link to {shown_path(paths[0])}")


def odd_finding(path: str, entry: Entry) -> OcflFinding:
    if entry.kind is Kind.link:
        return OcflFinding("E090", shown_path(path), "is a symbolic link")
    if entry.kind is Kind.unreadable:
        return OcflFinding("A004", shown_path(path), "the folder cannot be read")
    return OcflFinding("E089", shown_path(path), "is no regular file: a device, pipe or socket")


def extensions_problems(path: str, inside: set[str], code: str, warning: str) -> Iterator[OcflFinding]:
    for name in sorted(inside):
        if name.startswith("/"):
            yield OcflFinding(code, shown_path(path + name), "only folders of extensions may lie here")
        elif name not in REGISTERED:
            yield OcflFinding(warning, shown_path(f"{path}/{name}"), "is no registered extension")


def check_versions(folder: str, shape: Shape, newest: Inventory) -> Iterator[OcflFinding]:
    """Version folders against the versions of the inventory."""
    base = f"{folder}/" if folder else ""
    for code, message in sequence_problems(valid_names(shape.versions.keys()), "E012"):
        if not newest.problems.has(code):
            yield OcflFinding(code, shown_path(folder), message)
    wanted = {path.partition("/")[0] for path in newest.manifest}
    for name in newest.versions:
        if name not in shape.versions:
            for code in ("E010", "E046"):
                yield OcflFinding(code, shown_path(base + name), "the folder of this version is missing")
    for name in shape.versions:
        if name not in newest.versions:
            yield OcflFinding("E046", shown_path(base + name), "the inventory has no such version")
        else:
            yield from _version_folder(base + name, name, shape.versions[name], newest.content, wanted)


def _version_folder(
    path: str, name: str, held: VersionFolder, directory: str, wanted: set[str]
) -> Iterator[OcflFinding]:
    """`wanted` names the versions that content paths speak of."""
    for each in sorted(held.files):
        if each != INVENTORY and not is_sidecar(each):
            yield OcflFinding("E015", shown_path(f"{path}/{each}"), "has no place in a version folder")
    for each in sorted(held.folders - {directory}):
        yield OcflFinding("W002", shown_path(f"{path}/{each}"), "is no content folder, and not looked at")
    content = f"{name}/{directory}"
    inside = [each for each in held.inner if each == content or each.startswith(content + "/")]
    for each in inside:
        if held.inner[each].kind is Kind.folder and each != content:
            yield OcflFinding("E024", shown_path(f"{path}/{each[len(name) + 1 :]}"), "is an empty folder")
    if inside == [content]:
        yield OcflFinding("W003", shown_path(f"{path}/{directory}"), "is empty")
    if name in wanted and (not inside or inside == [content]):
        message = f"has no files in {shown_path(directory)}, and the manifest names some there"
        yield OcflFinding("E016", shown_path(path), message)
