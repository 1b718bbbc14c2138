"""Inventories and folders that somebody made to hurt: told, never a crash, never endless, never all the memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.ocfl.spec import json_document
from preservation.ocfl.spec.codes import CODES
from preservation.ocfl.spec.json_document import MOST_BYTES, MOST_MEMORY, NoJson, cost, parse
from tests.preservation.ocfl.spec.built import Built, codes, edit, findings, load, root, save

ONE = Built(versions=({"a.txt": b"1"},))
EXAMPLES = settings().max_examples

NASTY = [
    None, True, -1, 0, 10**40, 1e308, float("inf"), "", ".", "..", "/", "//", "../../../etc/passwd", "/etc/passwd",
    "v1/content/../../../x", "v1/content/a.txt/b", "v1\\content", "\0", "\x1b[2J", "\ud800", "\U0001f600", "v1", "v0",
    "v01", "v99999999999999999999", "V1", "1", "sha512", "md5", "SHA-512", "content", "0" * 128, "é" * 300,
    [], [[]], {}, {"": ""}, [None], ["v1/content/a.txt"] * 2, {"v1": {}}, {"a": ["b"]}, "x" * 5000,
]  # fmt: skip
values = st.sampled_from(NASTY) | st.recursive(
    st.sampled_from(NASTY) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, by keys and indices."""
    found = [path]
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        found += places(child, (*path, key))
    return found


def mutated(document: Any, value: Any, dice: Random) -> Any:
    """The document with one value replaced, one key renamed to a nasty one, or one thing left out."""
    path = dice.choice(places(document)[1:])
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    how = dice.randrange(3)
    if how == 1 and isinstance(holder, dict):
        holder[str(value)[:200]] = holder.pop(path[-1])
    elif how == 2:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return document


def _json(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8", "surrogatepass")  # NaN, Infinity and half characters too


def _damaged_tree(folder: Path, dice: Random) -> None:
    everything = sorted(folder.rglob("*"))
    victim = dice.choice(everything)
    target = dice.choice([*everything, folder, Path("/"), Path("/dev/zero"), Path("loop")])
    how = dice.randrange(6)
    if how == 0:
        victim.rename(victim.with_name(dice.choice(["v2", "v01", "logs", "extensions", "0=x", "x\ny", "…"])))
    elif how == 1 and victim.is_file():
        victim.unlink()
        victim.symlink_to(target)
    elif how == 2:
        (folder / "link").symlink_to(target)
    elif how == 3:
        os.mkfifo(victim.parent / "pipe")
    elif how == 4 and victim.is_file():
        data = bytearray(victim.read_bytes() or b"x")
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        victim.write_bytes(bytes(data))
    else:
        (victim.parent / "v2" / "content").mkdir(parents=True, exist_ok=True)


@pytest.mark.timeout(3600)  # thousands in `make test-deep`
@settings(max_examples=2 * EXAMPLES)
@given(st.lists(values, min_size=1, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_no_mutation_crashes_the_check(changes: list[Any], dice: Random, tree: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Built(fixity=("md5",)).build(Path(scratch, "o"))
        for value in changes:
            place = folder / dice.choice(["", "v1", "v2"])
            try:
                save(place, _json(mutated(load(place), value, dice)))
            except (TypeError, ValueError, IndexError, FileNotFoundError):
                continue  # the mutation before left nothing to mutate
        if tree:
            with suppress(OSError):
                _damaged_tree(folder, dice)
        found = findings(folder)
        assert all(each.code in CODES and (each.path + each.message).isascii() for each in found)
        assert len(found) < 2_000


@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_crash_the_check(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = ONE.build(Path(scratch, "o"))
        save(folder, data)
        assert codes(folder) & {"E033", "E036"}


HOSTILE = {
    "half a character": b'{"id": "\\ud800"}',
    "half a character raw": b'{"id": "\xed\xa0\x80"}',
    "NaN": b'{"id": NaN}',
    "Infinity": b'{"id": -Infinity}',
    "a million levels": b"[" * 1_000_000,
    "a million objects deep": b'{"a":' * 1_000_000,
    "a number of a million digits": b'{"id": ' + b"9" * 1_000_000 + b"}",
    "a key twice": b'{"id": "a", "id": "b"}',
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "a mark of byte order": b'\xef\xbb\xbf{"id": "a"}',
    "nothing": b"",
    "a text": b'"inventory"',
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_json_is_told_as_such(tmp_path: Path, how: str) -> None:
    folder = ONE.build(tmp_path / "o")
    save(folder, HOSTILE[how])
    assert "E033" in codes(folder)


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.deep)])
def test_a_million_claimed_versions_are_told_in_seconds_and_in_few_words(tmp_path: Path, count: int) -> None:
    folder = ONE.build(tmp_path / "o")
    claimed = b",".join(b'"v%d":0' % n for n in range(1, count + 1))
    save(folder, b'{"head": "v%d", "manifest": {}, "versions": {%b}}' % (count, claimed))
    start = time.process_time()
    found = findings(folder)
    took = time.process_time() - start
    assert {"E036", "E046", "E047", "E010"} <= {each.code for each in found}
    assert len(found) < 3_000
    assert took < 60


def test_a_claimed_gap_of_a_billion_versions_costs_nothing(tmp_path: Path) -> None:
    folder = ONE.build(tmp_path / "o")
    edit(lambda d: d["versions"].update({"v999999999999": d["versions"]["v1"]}))(folder)
    assert {"E010", "E046"} <= codes(folder)


def test_many_versions_that_accuse_many_files_are_not_compared_for_ever(tmp_path: Path) -> None:
    """Each of 150 inventories lacks each of 200 files of the first version: 30,000 accusations."""
    folder = Built(versions=({f"f{n}": b"%d" % n for n in range(200)}, *({},) * 149)).build(tmp_path / "o")
    for n in range(1, 151):
        edit(lambda d: (d["manifest"].clear(), d["versions"]["v1"]["state"].clear()), f"v{n}")(folder)
    found = findings(folder)
    assert {"E023", "E066"} <= {each.code for each in found}
    assert len(found) < 5_000


@pytest.mark.parametrize("target", [".", "..", "v1", "/", "o/../o", "link"])
def test_a_circle_of_links_is_told_and_not_followed(tmp_path: Path, target: str) -> None:
    folder = ONE.build(tmp_path / "o")
    (folder / "v1/content/link").symlink_to(target)
    found = findings(folder)
    assert "E090" in {each.code for each in found}


def test_a_device_or_pipe_is_never_opened(tmp_path: Path) -> None:
    folder = ONE.build(tmp_path / "o")
    (folder / "v1/content/a.txt").unlink()
    os.mkfifo(folder / "v1/content/a.txt")
    (folder / "inventory.json.sha512").unlink()
    os.mkfifo(folder / "inventory.json.sha512")
    assert {"E089"} <= codes(folder)


def test_folders_a_thousand_deep_are_walked(tmp_path: Path) -> None:
    folder = root(tmp_path / "r", {})
    place = os.open(folder, os.O_RDONLY)
    for _ in range(1_200):  # one by one: no path may be longer than 4,096 bytes
        os.mkdir("deeper", dir_fd=place)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    assert codes(folder) & {"A004", "E073"}
    subprocess.run(["rm", "-rf", folder], check=True)


def test_what_could_take_too_much_memory_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_document, "MOST_MEMORY", 1 << 20)
    with pytest.raises(NoJson, match="memory"):
        parse(b'{"a": [' + b"[]," * 10_000 + b"1]}")
    parse(b'{"a": [' + b"[]," * 1_000 + b"1]}")


def test_an_inventory_of_200_000_files_and_some_versions_is_not_refused() -> None:
    """The most files of one package; names with letters outside ASCII, digests by two algorithms."""
    one = b'"%b": ["v1/content/submission/data/Quyet-dinh-so-15~2ef0ab28.pdf"],' % (b"0" * 128)
    state = '"%s": ["submission/data/Quyết định số 15.pdf"],'.encode() % (b"0" * 128)
    sender = b'"%b": ["v1/content/submission/data/Quyet-dinh-so-15~2ef0ab28.pdf"],' % (b"0" * 64)
    sample = (one + state + sender) * 2_000
    assert 100 * cost(sample) < MOST_MEMORY
    assert 100 * len(sample) < MOST_BYTES


MEMORY = """
import re, sys
from pathlib import Path
from preservation.ocfl.spec.json_document import MOST_MEMORY, cost, parse

def highest():
    return int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10

unit = sys.argv[1].encode()
made = b'{"a": [' + unit * (MOST_MEMORY // 10 // cost(unit * 1000) * 1000) + b"1]}"
estimate, before = cost(made), highest()
parse(made)
print(estimate, highest() - before)
"""


@pytest.mark.deep
@pytest.mark.parametrize(
    "unit", ["[],", "{},", "1000,", "1.5,", '"ab",', '{"":1},', "[[]],", '"\U0001f600",']
)
def test_the_estimate_of_memory_is_never_too_small(unit: str) -> None:
    ran = subprocess.run([sys.executable, "-c", MEMORY, unit], capture_output=True, text=True, check=True)
    estimate, grown = map(int, ran.stdout.split())
    assert 0 < grown < estimate
