"""One thing broken in an OCFL root, each a fault by the specification and not only by our dialect.

So no judge may accept it: a flip that makes a hexadecimal `a` an `A` in a sidecar, which is no fault, is not among them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

SIDECAR = "inventory.json.sha512"
HEXADECIMAL = "0123456789abcdef"


def _flip(path: Path, dice: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def _delete(path: Path, _: random.Random) -> None:
    path.unlink()


def _rename(path: Path, _: random.Random) -> None:
    path.rename(path.with_name("khac-ten"))


def _truncate(path: Path, dice: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: dice.randrange(path.stat().st_size)])


def _extra_file(path: Path, _: random.Random) -> None:
    (path.parent / "tep-la").write_bytes(b"foreign")


def _sidecar(path: Path, dice: random.Random) -> None:
    """Another digest for the inventory beside it."""
    sidecar, at = path.with_name(SIDECAR), dice.randrange(128)
    text = sidecar.read_text()
    digit = dice.choice(HEXADECIMAL.replace(text[at].lower(), ""))
    sidecar.write_text(text[:at] + digit + text[at + 1 :])


BREAKS: dict[str, Callable[[Path, random.Random], None]] = {
    "flip": _flip,
    "delete": _delete,
    "rename": _rename,
    "truncate": _truncate,
    "extra file": _extra_file,
    "sidecar": _sidecar,
}


def break_one(root: Path, dice: random.Random, how: str) -> str:
    """Breaks one file of one object, a content file or its newest inventory; says which, for whoever asks why."""
    newest = sorted(each.with_name("inventory.json") for each in root.rglob("0=ocfl_object_1.*"))
    contents = sorted(
        each for each in root.rglob("v*/content/**/*") if each.is_file() and each.stat().st_size
    )
    victim = dice.choice(newest if how == "sidecar" or dice.random() < 0.3 else contents)
    BREAKS[how](victim, dice)
    return f"{how}: {victim.relative_to(root)}"
