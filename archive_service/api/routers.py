"""Every resource of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from archive_service.api import (
    audit,
    catalogue,
    dossiers,
    files,
    fixity,
    fonds,
    incidents,
    jobs,
    people,
    retention,
    search,
    sips,
)
from archive_service.api.doors import PREFIX, Problem

ROUTERS: tuple[APIRouter, ...] = (
    sips.router,
    search.router,
    fonds.router,
    dossiers.router,
    files.router,
    fixity.router,
    incidents.router,
    retention.router,
    audit.router,
    jobs.router,
    people.router,
    catalogue.router,
)
PROBLEM = {"model": Problem, "description": "RFC 9457", "content": {"application/problem+json": {}}}


def add_api(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, responses={"4XX": PROBLEM, "5XX": PROBLEM})
