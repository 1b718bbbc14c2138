from __future__ import annotations

import json
from typing import Any

import pytest

from preservation.ocfl.inventory import InventoryBroken, parse_inventory, sidecar
from tests.preservation.ocfl.made import planned

DIGEST = "a" * 128
UNSET = object()


def document(**changed: Any) -> dict[str, Any]:
    """A good inventory of one file; each keyword replaces or (UNSET) removes a key."""
    good = {
        "id": "urn:x",
        "type": "https://ocfl.io/1.1/spec/#inventory",
        "digestAlgorithm": "sha512",
        "head": "v1",
        "manifest": {DIGEST: ["v1/content/a"]},
        "versions": {"v1": version()},
    }
    return {key: value for key, value in (good | changed).items() if value is not UNSET}


def version(**changed: Any) -> dict[str, Any]:
    good = {
        "created": "2026-11-23T08:00:00Z",
        "message": "m",
        "user": {"name": "n"},
        "state": {DIGEST: ["a"]},
    }
    return {key: value for key, value in (good | changed).items() if value is not UNSET}


def codes_of(data: bytes) -> set[str]:
    with pytest.raises(InventoryBroken) as broken:
        parse_inventory(data)
    return {code for code, _ in broken.value.problems}


def test_what_is_written_is_read_and_written_the_same() -> None:
    data = planned().data
    assert parse_inventory(data).to_bytes() == data


def test_the_good_document_is_good() -> None:
    assert parse_inventory(json.dumps(document()).encode()).files() == {"a": DIGEST}


def test_a_sidecar_is_digest_two_spaces_name_newline() -> None:
    assert sidecar(b"")[:16] == b"cf83e1357eefb8bd"
    assert sidecar(b"")[128:] == b"  inventory.json\n"


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("E036", {"id": UNSET}),
    ("E036", {"id": 7}),
    ("E036", {"head": ["v1"]}),
    ("E041", {"manifest": []}),
    ("E043", {"versions": UNSET}),
    ("E038", {"type": "https://ocfl.io/2.0/spec/#inventory"}),
    ("E025", {"digestAlgorithm": "md5"}),
    ("E040", {"head": "v01"}),
    ("E040", {"head": "v١"}),
    ("E034", {"note": 1}),
    ("E096", {"manifest": {"A" * 128: ["v1/content/a"]}}),
    ("E092", {"manifest": {DIGEST: "v1/content/a"}}),
    ("E092", {"manifest": {DIGEST: [None]}}),
    ("E099", {"manifest": {DIGEST: ["v1/content/../../../etc/passwd"]}}),
    ("E099", {"manifest": {DIGEST: ["/etc/passwd"]}}),
    ("E042", {"manifest": {DIGEST: ["v2/content/a"]}}),
    ("E042", {"manifest": {DIGEST: ["v1/other/a"]}}),
    ("E101", {"manifest": {DIGEST: ["v1/content/a", "v1/content/a"]}}),
    ("E101", {"manifest": {DIGEST: ["v1/content/a", "v1/content/a/b"]}}),
    ("E046", {"versions": {"v1": version(), "v2": version()}}),
    ("E046", {"head": "v2"}),
    ("E008", {"versions": {}}),
    ("E048", {"versions": {"v1": []}}),
    ("E048", {"versions": {"v1": version(state=UNSET)}}),
    ("E049", {"versions": {"v1": version(created="2026-11-23")}}),
    ("E049", {"versions": {"v1": version(created="2026-13-23T08:00:00Z")}}),
    ("E094", {"versions": {"v1": version(message={})}}),
    ("E054", {"versions": {"v1": version(user={})}}),
    ("E054", {"versions": {"v1": version(user={"name": "n", "address": 1})}}),
    ("E050", {"versions": {"v1": version(state={"b" * 128: ["a"]})}}),
    ("E050", {"versions": {"v1": version(state={DIGEST: {}})}}),
    ("E053", {"versions": {"v1": version(state={DIGEST: ["/a"]})}}),
    ("E052", {"versions": {"v1": version(state={DIGEST: ["a/../b"]})}}),
    ("E052", {"versions": {"v1": version(state={DIGEST: ["a//b"]})}}),
    ("E095", {"versions": {"v1": version(state={DIGEST: ["a", "a"]})}}),
    ("E095", {"versions": {"v1": version(state={DIGEST: ["a/b", "a", "a-b"]})}}),
    ("E107", {"manifest": {DIGEST: ["v1/content/a"], "b" * 128: ["v1/content/b"]}}),
    ("E111", {"fixity": []}),
    ("E056", {"fixity": {"crc32": {}}}),
    ("E057", {"fixity": {"md5": []}}),
    ("E057", {"fixity": {"md5": {"x": ["v1/content/a"]}}}),
    ("E057", {"fixity": {"md5": {"0" * 32: ["v1/content/z"]}}}),
]


@pytest.mark.parametrize(("code", "changed"), BROKEN)
def test_each_broken_rule_is_told_by_its_code(code: str, changed: dict[str, Any]) -> None:
    assert code in codes_of(json.dumps(document(**changed)).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"[]", b"null", b"NaN", b"{" * 100_000, b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}",
        b'{"id":"\\ud800"}', b'{"id":1,"id":2}', b'\xef\xbb\xbf{}', '{"id":1}'.encode("utf-16"), b'{"id":Infinity}',
    ],
)  # fmt: skip
def test_bytes_that_are_no_json_object_are_told_and_never_crash(data: bytes) -> None:
    assert codes_of(data) == {"E033"}
