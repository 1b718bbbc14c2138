"""Four ways in which a package can be wrong, done to a bag or a document that was right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from preservation.bagit.read import read_bag
from preservation.bagit.write import write_bag
from preservation.description.model import METADATA
from preservation.description.parse import parse_metadata
from preservation.description.write import write_metadata

NOTE = "data/ghi chú không có trong mục lục.txt"


def change_a_byte(bag: Path) -> None:
    """One bit of the first document, after the manifests were written."""
    first = min((bag / "data").rglob("*.pdf"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)


def spoil_metadata(bag: Path) -> None:
    """No Title, dates that no calendar has or in the wrong order, and a file that no document lists.

    The bag itself stays whole: its manifests are written anew.
    """
    description = parse_metadata((bag / METADATA).read_bytes())
    tags = {**description.tags, "StartDate": "31/02/2013", "EndDate": "09/05/2012", "TotalDoc": "5"}
    tags.pop("Title")
    first, *rest = description.documents
    undated = replace(first, tags={**first.tags, "IssuedDate": "2013-13-40"})
    spoilt = replace(description, tags=tags, documents=(undated, *rest))
    before = bag.rename(bag.with_name("before"))
    payload: dict[str, Path | bytes] = {path: before / path for path in read_bag(before).payload}
    payload |= {METADATA: write_metadata(spoilt), NOTE: "Ghi chú tay, chưa đăng ký.\n".encode()}
    write_bag(bag, payload, [pair for pair in read_bag(before).info if pair[0] != "Payload-Oxum"])
    shutil.rmtree(before)


def alter_after_signing(pdf: bytes, number: str) -> bytes:
    """The document's number raised by one in its XMP title: the file opens as before, its signature does not hold."""
    other = f"{int(number) + 1:02}"
    changed = pdf.replace(f" {number}/".encode(), f" {other}/".encode(), 1)
    if changed == pdf:
        raise ValueError(f"no number {number} to alter")
    return changed


#: Done to a finished bag. "broken-signature" is done to its document, "secret" is declared in the data.
TO_BAGS: dict[str, Callable[[Path], None]] = {"changed-byte": change_a_byte, "metadata": spoil_metadata}
