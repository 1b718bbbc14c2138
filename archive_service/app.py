"""The web application: the API under /api/v1, the pages beside it, one error handler for both."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from archive_service.api import doors
from archive_service.api.metrics import add_metrics
from archive_service.api.routers import add_api
from archive_service.kernel.errors import TryLater
from archive_service.web import site
from archive_service.work import Archive
from archive_service.worker import start_in_process


def create_app(archive: Archive, *, work_here: bool = True) -> FastAPI:
    """`work_here`: run jobs in threads of this process (the embedded default; with Celery the workers do it)."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        end = start_in_process(archive) if work_here and archive.settings.queue == "in-process" else None
        yield
        if end is not None:
            end()
        archive.close()

    # The framework's own documentation pages load scripts from the public web.
    app = FastAPI(
        title="Kho lưu trữ tài liệu điện tử",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.archive = archive

    @app.get("/healthz", include_in_schema=False)
    def health() -> Response:
        """Up or down, and no more: it is public."""
        try:
            with archive.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:
            return Response("down\n", 503, media_type="text/plain")
        return Response("up\n", media_type="text/plain")

    add_metrics(app, archive)
    add_api(app)
    site.add_pages(app, archive)
    doors.tell_errors(app, site.error_page)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(NoConnectionFree, _database_away)
    app.add_exception_handler(Exception, _fault)
    return app


def _database_away(request: Request, error: Exception) -> Response:
    """The database does not answer or cannot work now: a client that is told 500 would not come again."""
    # SQLite calls a wrong statement operational, too: that is our own fault, and no waiting mends it.
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        raise error
    incident = site.note_fault(request, error)
    away = TryLater(
        f"Cơ sở dữ liệu tạm ngừng; không mất dữ liệu nào. Đề nghị thử lại sau ít phút. Mã sự cố {incident}.",
        f"The database is away; nothing is lost. Try again in a few minutes. Incident {incident}.",
        name="database-away",
        incident=incident,
    )
    return site.away(request, away) if _is_page(request) else doors.tell(request, away)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/")


def _fault(request: Request, error: Exception) -> Response:
    """Our own fault, told by its incident number alone; the traceback is in the log under it."""
    incident = site.note_fault(request, error)
    if _is_page(request):
        return site.fault(request, incident)
    vi = f"Hệ thống của kho gặp lỗi. Mã sự cố {incident}."
    en = f"Our system failed. Incident {incident}."
    return doors.problem(500, "our-fault", vi, en, doors.language_of(request), incident=incident)
