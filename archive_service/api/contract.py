"""The API's contract as a document: `python -m archive_service.api.contract FILE` writes it.

A contract that takes back what the file promises is not written: remove the file first, which a reviewer will see.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from archive_service.api.compatible import broken
from archive_service.api.routers import add_api


def contract() -> dict[str, Any]:
    """OpenAPI 3.1 of the API alone; the pages are no part of it."""
    app = FastAPI(title="Kho lưu trữ tài liệu điện tử", version="1")
    add_api(app)
    found = app.openapi()
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    return found


def as_text() -> str:
    return json.dumps(contract(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(file: Path) -> list[str]:
    """Writes the present contract; returns what it would take back, and then writes nothing."""
    faults = list(broken(json.loads(file.read_text()), contract())) if file.exists() else []
    if not faults:
        file.write_text(as_text())
    return faults


if __name__ == "__main__":
    sys.exit("\n".join(write(Path(sys.argv[1]))) or 0)
