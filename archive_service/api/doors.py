"""What every route shares: the archive, the actor, and how an error is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from archive_service.accounts.actors import token_actor
from archive_service.kernel import cursors
from archive_service.kernel.actors import Actor
from archive_service.kernel.errors import URN, ArchiveError, SignInNeeded
from archive_service.work import Archive, Work

PREFIX = "/api/v1"


def archive_of(request: Request) -> Archive:
    archive: Archive = request.app.state.archive
    return archive


def api_actor(
    archive: Annotated[Archive, Depends(archive_of)], authorization: Annotated[str, Header()] = ""
) -> Actor:
    """Only a token opens the API: a browser's cookie does not, so that no other site can use it."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise SignInNeeded
    return token_actor(archive, secret.strip())


TheArchive = Annotated[Archive, Depends(archive_of)]
TheActor = Annotated[Actor, Depends(api_actor)]


def _work(archive: TheArchive, actor: TheActor) -> Iterator[Work]:
    with archive.work(actor) as work:
        yield work


def _look(archive: TheArchive, actor: TheActor) -> Iterator[Work]:
    with archive.look(actor) as work:
        yield work


#: scope="function": by default a dependency's exit runs after the answer is sent, so a failed commit would answer 200.
TheWork = Annotated[Work, Depends(_work, scope="function")]
TheLook = Annotated[Work, Depends(_look, scope="function")]

Limit = Annotated[int, Query(ge=1, le=cursors.MAX_LIMIT, description="at most this many items")]
Cursor = Annotated[str | None, Query(description="`next` of the page before; bound to this query and person")]


class Shown(BaseModel):
    """Base of response models: shapes rows, adds nothing."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


def language_of(request: Request) -> str:
    accepted = request.headers.get("accept-language", "vi").lower()
    return "en" if accepted.startswith("en") else "vi"


def problem(status: int, name: str, vi: str, en: str, language: str, **extra: Any) -> JSONResponse:
    detail = en if language == "en" else vi
    body = {"type": URN + name, "title": name, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, media_type="application/problem+json")


def _archive_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ArchiveError)  # noqa: S101 (narrowed by the registration below)
    return tell(request, error)


def tell(request: Request, error: ArchiveError) -> Response:
    extra = {key: str(value) if isinstance(value, UUID) else value for key, value in error.extra.items()}
    answer = problem(error.status, error.name, error.vi, error.en, language_of(request), **extra)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _wrong_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()]
    told = "; ".join(faults)
    return problem(
        422, "not-possible", f"Yêu cầu chưa đúng: {told}", f"Wrong request: {told}", language_of(request)
    )


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    name = {404: "missing", 405: "wrong-method"}.get(error.status_code, "not-possible")
    answer = problem(error.status_code, name, str(error.detail), str(error.detail), language_of(request))
    answer.headers.update(error.headers or {})
    return answer


def tell_errors(
    app: FastAPI,
    page: Callable[[Request, Exception], Response] | None = None,
) -> None:
    """One handler a kind of error: `application/problem+json` below /api, a page elsewhere."""

    def choose(
        told: Callable[[Request, Exception], Response],
    ) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handler(request: Request, error: Exception) -> Response:
            if page is not None and not request.url.path.startswith("/api/"):
                return await run_in_threadpool(page, request, error)
            return told(request, error)

        return handler

    app.add_exception_handler(ArchiveError, choose(_archive_error))
    app.add_exception_handler(RequestValidationError, choose(_wrong_request))
    app.add_exception_handler(HTTPException, choose(_http_error))
