"""The API keeps its word: what v1 promised once is neither removed nor changed."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path

from archive_service.api.catalogue import problems_told
from archive_service.api.compatible import broken
from archive_service.api.contract import as_text, contract, write

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs/openapi.json"


def test_nothing_of_v1_is_removed_or_changed() -> None:
    assert list(broken(json.loads(COMMITTED.read_text()), contract())) == []


def test_the_committed_document_is_the_present_one() -> None:
    assert COMMITTED.read_text() == as_text(), "make openapi"


def test_the_committed_document_cannot_be_written_over_by_a_poorer_one(tmp_path: Path) -> None:
    promised = contract()
    promised["paths"]["/api/v1/gone"] = {"get": {}}
    (file := tmp_path / "openapi.json").write_text(json.dumps(promised))
    assert write(file) == ["/paths//api/v1/gone is gone"]
    assert "/api/v1/gone" in file.read_text()
    file.unlink()
    assert write(file) == [] and file.read_text() == as_text()


def test_a_route_that_is_removed_is_found() -> None:
    changed = copy.deepcopy(contract())
    del changed["paths"]["/api/v1/sips"]["post"]
    assert list(broken(contract(), changed)) == ["/paths//api/v1/sips/post is gone"]


def test_a_field_that_is_removed_is_found() -> None:
    changed = copy.deepcopy(contract())
    del changed["components"]["schemas"]["SipShown"]["properties"]["reason"]
    assert "reason is gone" in next(broken(contract(), changed))


def test_a_field_of_another_type_is_found() -> None:
    changed = copy.deepcopy(contract())
    changed["components"]["schemas"]["SipShown"]["properties"]["errors"]["type"] = "string"
    assert "was integer" in next(broken(contract(), changed))


def test_a_parameter_that_becomes_required_is_found() -> None:
    changed = copy.deepcopy(contract())
    changed["paths"]["/api/v1/search"]["get"]["parameters"][0]["required"] = True
    assert list(broken(contract(), changed))


def test_a_new_field_breaks_nobody() -> None:
    changed = copy.deepcopy(contract())
    changed["components"]["schemas"]["SipShown"]["properties"]["more"] = {"type": "string"}
    assert list(broken(contract(), changed)) == []


def test_every_route_is_described_in_the_documentation() -> None:
    told = (ROOT / "docs/api.md").read_text()
    assert [path for path in contract()["paths"] if f"`{path}`" not in told] == []


DOORS = {"web", "cli", "demo", "rebuild", "backup"}
"""Their own refusals never reach a client of the API."""


def raised_names() -> set[str]:
    """The problem names that the code can answer with: arguments of errors, and attributes of their classes."""
    found = set()
    for package in ("archive_service", "ingest", "preservation", "retention", "search"):
        for path in (ROOT / package).rglob("*.py"):
            if DOORS.intersection(path.relative_to(ROOT).parts):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                found |= set(_names(node))
    return found - {"error"}


ERRORS = {
    "NotPossible",
    "TooLarge",
    "Forbidden",
    "Conflict",
    "TooMany",
    "TryLater",
    "Missing",
    "ArchiveError",
}


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
        values = [each.value for each in node.keywords if each.arg == "name"]
        yield from (str(each.value) for each in values if isinstance(each, ast.Constant))
    if isinstance(node, ast.ClassDef) and any(
        getattr(each, "id", "") in {*ERRORS, "StoreAway"} for each in node.bases
    ):
        for line in node.body:
            if isinstance(line, ast.Assign):
                yield from _assigned(line)


def _assigned(line: ast.Assign) -> Iterator[str]:
    target, value = line.targets[0], line.value
    if isinstance(target, ast.Name) and target.id == "name" and isinstance(value, ast.Constant):
        yield str(value.value)
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for name, each in zip(target.elts, value.elts, strict=True):
            if isinstance(name, ast.Name) and name.id == "name" and isinstance(each, ast.Constant):
                yield str(each.value)


def test_every_problem_name_is_in_the_catalogue() -> None:
    assert sorted(raised_names() - set(problems_told())) == []
