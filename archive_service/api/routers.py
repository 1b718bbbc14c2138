"""Every resource of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from archive_service.api import sips
from archive_service.api.doors import PREFIX

ROUTERS: tuple[APIRouter, ...] = (sips.router,)


def add_api(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
