"""One broken storage root for each code of the specification's table that is about roots."""

from __future__ import annotations

import os
from pathlib import Path

from tests.preservation.ocfl.spec.bad_objects import Case, both, gone, renamed, write
from tests.preservation.ocfl.spec.built import Built, layout

ONE = Built(versions=({"a.txt": b"1"},))
OTHER = Built("urn:x:other", versions=({"a.txt": b"1"},))
DECLARATION = "0=ocfl_1.1"
AT = "ab/cd/object"


def case(codes: str, damage: object, objects: dict[str, Built] | None = None, spec: str = "1.1") -> tuple:  # type: ignore[type-arg]
    return codes, objects if objects is not None else {AT: ONE}, spec, damage


def nothing(folder: Path) -> None:
    pass


CASES = [
    case("E037 E083", nothing, {"ab/cd/one": ONE, "ab/cd/two": ONE}),
    case("E069", gone(DECLARATION)),
    case("E070", write("ocfl_layout.json", '{"extension": "0002-flat-direct-storage-layout"}')),
    case("E070", write("ocfl_layout.json", '{"description": "none"}')),
    case("E070", write("ocfl_layout.json", "[")),
    case("E071", write("ocfl_layout.json", '{"extension": "my own", "description": ""}')),
    case("E071", write("ocfl_layout.json", '{"extension": 3, "description": ""}')),
    case("E072 E084", write("ab/stray.txt")),
    case("E072 E085 E088", write("xy/stray.txt")),
    case("E072 E003", gone(f"{AT}/0=ocfl_object_1.1")),
    case("E073 E088", lambda folder: (folder / "empty").mkdir()),
    case("E073", lambda folder: (folder / "ab/empty").mkdir()),
    case("E075 E077 E069", renamed(DECLARATION, "0ocfl_1.1")),
    case("E076", write("0=ocfl_1.0", "ocfl_1.0\n")),
    case("E077", renamed(DECLARATION, "0=ocfl_9.9")),
    case("E078", renamed(DECLARATION, "1=ocfl_1.1")),
    case("E079", renamed(DECLARATION, "0=something_else")),
    case("E080", write(DECLARATION, "not correct")),
    case("E081", nothing, spec="1.0"),
    case("E082", write(f"{AT}/inner/0=ocfl_object_1.1", "ocfl_object_1.1\n")),
    case("E084", write("ab/cd/stray.txt")),
    case("E085", write("ab/ef/gh/stray.txt")),
    case("E086", write("extensions/file.txt"), {AT: Built(spec="1.0")}, "1.0"),
    case("E088", write("xy/z/stray.txt")),
    case("E089", lambda folder: os.mkfifo(folder / "ab/pipe")),
    case("E090", lambda folder: (folder / "ab/link").symlink_to("cd")),
    case("E090", lambda folder: (folder / "link").symlink_to("ab")),
    case("E112", write("extensions/file.txt")),
    case("E003", write(f"{AT}/0=ocfl_object_1.0", "ocfl_object_1.0\n")),
    case("E092", write(f"{AT}/v1/content/a.txt", b"2")),
]

WARNINGS = [
    case("W014", nothing, {"ab/one": ONE, "cd/ef/two": OTHER}),
    case("W014", lambda folder: layout(folder, "0003-hash-and-id-n-tuple-storage-layout")),
    case("W015", nothing, {"one": ONE, "cd/ef/two": OTHER}),
    case("W016", write("extensions/unregistered/config.json")),
]

__all__ = ["CASES", "WARNINGS", "Case", "both"]
