"""The API's contract as a document: `python -m archive_service.api.contract` writes docs/openapi.json."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI

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


if __name__ == "__main__":
    sys.stdout.write(as_text())
