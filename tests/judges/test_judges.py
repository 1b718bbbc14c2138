"""Each judge accepts one good thing and refuses the same thing with one fault: it does judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import bagit
import pikepdf
import pytest
import typst
from playwright.sync_api import Page

from tests.judges.java import Verdict

LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"


def _sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


@pytest.fixture
def ocfl_root(tmp_path: Path) -> Path:
    """A storage root with one object `a` that holds one file, written out by hand after OCFL 1.1."""
    (tmp_path / "0=ocfl_1.1").write_text("ocfl_1.1\n")
    (tmp_path / "ocfl_layout.json").write_text(json.dumps({"extension": LAYOUT, "description": ""}))
    key = hashlib.sha256(b"a").hexdigest()
    folder = tmp_path / key[:3] / key[3:6] / key[6:9] / "a"
    (folder / "v1/content").mkdir(parents=True)
    (folder / "v1/content/letter.txt").write_bytes(b"content")
    (folder / "0=ocfl_object_1.1").write_text("ocfl_object_1.1\n")
    digest = _sha512(b"content")
    version = {"created": "2026-01-01T00:00:00Z", "state": {digest: ["letter.txt"]}}
    version |= {"message": "stored", "user": {"name": "archive", "address": "urn:x"}}
    inventory = json.dumps({
        "id": "a", "type": "https://ocfl.io/1.1/spec/#inventory", "digestAlgorithm": "sha512", "head": "v1",
        "manifest": {digest: ["v1/content/letter.txt"]}, "versions": {"v1": version},
    }).encode()  # fmt: skip
    for place in (folder, folder / "v1"):
        (place / "inventory.json").write_bytes(inventory)
        (place / "inventory.json.sha512").write_text(f"{_sha512(inventory)} inventory.json\n")
    return tmp_path


def test_ocfl_java_accepts_a_good_root(ocfl_java: Callable[[Path], Verdict], ocfl_root: Path) -> None:
    assert ocfl_java(ocfl_root) == Verdict(True, 1, ())


def test_ocfl_java_refuses_a_changed_byte(ocfl_java: Callable[[Path], Verdict], ocfl_root: Path) -> None:
    next(ocfl_root.rglob("letter.txt")).write_bytes(b"Content")
    verdict = ocfl_java(ocfl_root)
    assert not verdict.accepted
    assert "letter.txt" in verdict.said[0]


def test_ocfl_java_refuses_what_lies_between_the_objects(
    ocfl_java: Callable[[Path], Verdict], ocfl_root: Path
) -> None:
    (ocfl_root / "abc").mkdir()
    (ocfl_root / "abc/lost.txt").write_text("lost")
    assert ocfl_java(ocfl_root).said == ("abc/lost.txt: file outside an object",)


def test_ocfl_java_refuses_a_folder_that_is_no_root(
    ocfl_java: Callable[[Path], Verdict], tmp_path: Path
) -> None:
    assert not ocfl_java(tmp_path).accepted


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    (tmp_path / "văn bản.txt").write_text("nội dung")
    bagit.make_bag(str(tmp_path), checksums=["sha256"])
    return tmp_path


def test_bagit_java_accepts_a_good_bag(bagit_java: Callable[..., Verdict], bag: Path) -> None:
    assert bagit_java(bag) == Verdict(True, 1, ())


def test_bagit_java_refuses_a_changed_byte(bagit_java: Callable[..., Verdict], bag: Path) -> None:
    (bag / "data/văn bản.txt").write_text("Nội dung")
    assert "CorruptChecksum" in bagit_java(bag).said[0]


def test_verapdf_accepts_pdf_a_and_refuses_a_plain_pdf(
    verapdf: Callable[[Sequence[Path], str], Verdict], tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    (tmp_path / "page.typ").write_text('#set document(title: "Quyết định")\nQuyết định')
    good.write_bytes(typst.compile(str(tmp_path / "page.typ"), pdf_standards=["a-2b"], timestamp=0))
    plain = pikepdf.new()
    plain.add_blank_page()
    plain.save(bad)
    assert verapdf([good], "2b").accepted
    verdict = verapdf([good, bad], "2b")
    assert not verdict.accepted
    assert "bad.pdf" in verdict.said[0]


def test_axe_accepts_a_good_page_and_refuses_a_picture_without_words(
    axe: Callable[[Page], Verdict], page: Page
) -> None:
    frame = "<html lang=vi><title>Kho</title><body><main><h1>Hồ sơ</h1>{}</main></body></html>"
    page.set_content(frame.format("<p>Một hồ sơ</p>"))
    assert axe(page).accepted
    page.set_content(frame.format("<img src='data:,'>"))
    verdict = axe(page)
    assert not verdict.accepted
    assert verdict.said[0].startswith("critical image-alt")


@pytest.mark.deep
def test_rocfl_accepts_a_good_root_and_refuses_a_changed_byte(
    rocfl: Callable[[Path], Verdict], ocfl_root: Path
) -> None:
    assert rocfl(ocfl_root) == Verdict(True, 1, ())
    next(ocfl_root.rglob("letter.txt")).write_bytes(b"Content")
    verdict = rocfl(ocfl_root)
    assert (verdict.accepted, verdict.said[0][:6]) == (False, "[E092]")
