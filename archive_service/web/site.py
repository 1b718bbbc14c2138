"""Joins the pages to the application: the site, the routers, and how an error is shown."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from archive_service.kernel.errors import ArchiveError, Missing, NotPossible, SignInNeeded
from archive_service.web import (
    account,
    agencies,
    audit,
    clock,
    decision,
    demo_page,
    destruction,
    destruction_answers,
    documents,
    dossier_views,
    dossiers,
    downloads,
    due,
    execution,
    fixity,
    fonds,
    grants,
    holds,
    holds_new,
    inbox,
    incident_files,
    incidents,
    my_work,
    notices,
    preferences,
    producer_docs,
    proposals,
    running,
    search,
    sign_in,
    signatures,
    sip,
    sip_decisions,
    sips_many,
    static,
    storage,
    submissions,
    tokens,
    users,
    yearly_check,
)
from archive_service.web.error_pages import fault_page, refusal_page
from archive_service.web.frame import Site
from archive_service.web.session import recognise
from archive_service.work import Archive

log = logging.getLogger(__name__)

#: Every group of pages; the order matters to nobody.
ROUTERS: tuple[APIRouter, ...] = (
    static.router,
    preferences.router,
    sign_in.router,
    my_work.router,
    inbox.router,
    sips_many.router,  # before the addresses with an id
    sip.router,
    sip_decisions.router,
    submissions.router,
    users.router,
    grants.router,
    agencies.router,
    account.router,
    tokens.router,
    running.router,
    storage.router,
    producer_docs.router,
    demo_page.router,
    search.router,
    fonds.router,
    dossiers.router,
    dossier_views.router,
    documents.router,
    downloads.router,
    due.router,
    holds_new.router,  # before the addresses with an id
    holds.router,
    proposals.router,
    fixity.router,
    yearly_check.router,
    incident_files.router,
    incidents.router,
    signatures.router,
    audit.router,
    clock.router,  # before the addresses with an id
    execution.router,
    decision.router,
    destruction_answers.router,
    destruction.router,
)


def add_pages(app: FastAPI, archive: Archive) -> None:
    settings = archive.settings
    app.state.site = Site(
        name=settings.name,
        unit=settings.agency,
        support=settings.support_line,
        version=version("archive-service"),
        now=archive.clock.now,
        notices=lambda viewer: notices.notices(archive, viewer),
        demo=settings.demo,
        roots={root.id: root.shown_name for root in settings.storage},
    )
    for router in ROUTERS:
        app.include_router(router)


def error_page(request: Request, error: Exception) -> Response:
    """The page of a request that cannot be done, for `doors.tell_errors`."""
    if not hasattr(request.state, "visit"):
        # An address that no route has: nobody has asked yet who looks. Without the database it is a stranger.
        with suppress(OperationalError):
            recognise(request)
    if isinstance(error, SignInNeeded):
        return sign_in.after_expiry(request)
    return refusal_page(request, _as_ours(error))


def _as_ours(error: Exception) -> ArchiveError:
    if isinstance(error, ArchiveError):
        return error
    if isinstance(error, HTTPException) and error.status_code == 404:
        return Missing()
    if isinstance(error, RequestValidationError) and all(each["loc"][0] == "path" for each in error.errors()):
        return Missing()
    return NotPossible("Địa chỉ hoặc nội dung gửi lên chưa đúng.", "The address or what was sent is wrong.")


def note_fault(request: Request, error: Exception) -> str:
    """The incident number that the person is told; the traceback goes to the log under the same number."""
    incident = f"{secrets.token_hex(2)}-{secrets.token_hex(1)}".upper()
    log.error("incident %s: %s %s", incident, request.method, request.url.path, exc_info=error)
    return incident


def fault(request: Request, incident: str) -> Response:
    _ask_nobody(request)
    return fault_page(request, incident)


def away(request: Request, error: ArchiveError) -> Response:
    """The page while the database is away."""
    _ask_nobody(request)
    return refusal_page(request, error)


def _ask_nobody(request: Request) -> None:
    """Who looks is not read any more: what failed may be the database itself."""
    if not hasattr(request.state, "viewer"):
        request.state.viewer = None
