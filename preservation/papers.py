"""Papers of the archive itself: drawn as PDF/A from facts, and read back against their digest. The one way to do both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_be_vietnam_pro

from archive_service.kernel.errors import TryLater
from archive_service.kernel.objects import ObjectMissing
from archive_service.work import Archive


class PaperDamaged(TryLater):
    """The stored paper is gone or no longer has its digest: our fault; a person restores it from a root."""


def draw_paper(template: Path, at: datetime, **facts: Mapping[str, Any]) -> bytes:
    """A PDF/A-2b of the typst `template`, byte for byte the same for the same facts: each a JSON input of its name."""
    made: bytes = _compiler(template).compile(
        format="pdf",
        sys_inputs={name: json.dumps(each, ensure_ascii=False) for name, each in facts.items()},
        pdf_standards=["a-2b"],
        timestamp=int(at.timestamp()),
    )
    return made


@cache
def _compiler(template: Path) -> Any:
    import typst  # 8 MB that a worker without papers never needs

    # The machine's own fonts differ from machine to machine, and some lack the marks of Vietnamese.
    return typst.Compiler(
        input=str(template), font_paths=[str(fontpkg_be_vietnam_pro.ROOT)], ignore_system_fonts=True
    )


def read_kept(archive: Archive, name: str, key: str, sha256: str) -> bytes:
    """The bytes kept under `key`, their digest compared. Raises `PaperDamaged`."""
    try:
        with archive.staging.open(key) as stream:
            content = stream.read()
    except ObjectMissing:
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PaperDamaged(
            f"Văn bản {name} bị mất hoặc bị thay đổi trong kho. Đây là lỗi hệ thống.",
            f"The paper {name} is lost or altered in the store. This is our fault.",
            name="paper-damaged",
        )
    return content
