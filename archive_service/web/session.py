"""Who looks at a page, and whether a form is one of ours.

A page module makes its router by `page_router()`. Every route of it then knows the viewer; every POST has proved
that it comes from a form of this session (CSRF token), and counts once (one-time token). Routes take
`visit: TheVisit` (raises `SignInNeeded`: the sign-in page, with the way back) and `posted: ThePosted`:

    @router.post("/sips/{sip_id}/return")
    def send_back(request: Request, sip_id: UUID, visit: TheVisit, posted: ThePosted) -> Response:
        try:
            with visit.archive.work(visit.with_password(posted)) as work:
                return_sip(work, sip_id, reason=posted.text("reason"), version=posted.version)
        except IN_FORM as error:
            return _page(request, visit, sip_id, form_after(posted, error, visit.language))
        return redirect("/sips", Flash("sip.returned_done", code=…))
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from archive_service.accounts import once, signin
from archive_service.accounts.actors import session_actor
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import Forbidden, SignInNeeded
from archive_service.kernel.organisation import Unit
from archive_service.kernel.people import BrowserSession
from archive_service.web.forms import Form
from archive_service.web.frame import FLASH, FLASH_SECONDS, Viewer, redirect
from archive_service.web.posted import Posted, read_posted
from archive_service.web.preferences import preferences_of
from archive_service.work import Archive

COOKIE = "archive_session"
SIGN_IN, NEW_PASSWORD = "/login", "/account/password"
WITH_FIRST_PASSWORD = frozenset({NEW_PASSWORD, "/logout"})


class NewPasswordNeeded(SignInNeeded):
    """Whoever made the account knows its first password: nothing is done with it but choosing another."""


@dataclass(frozen=True)
class Visit:
    """A signed-in person at one request."""

    archive: Archive
    actor: Actor
    session: BrowserSession
    language: str
    path: str
    must_change: bool = False

    def with_password(self, posted: Posted) -> Actor:
        """The actor; with the password that the form carries, if it does. Raises `WrongPassword`, `TooMany`."""
        password = posted.raw("password")
        return (
            signin.give_password(self.archive, self.actor, self.session, password) if password else self.actor
        )

    @property
    def password_is_old(self) -> bool:
        """Whether accepting or voting would ask for the password again now."""
        limit = timedelta(minutes=self.archive.settings.password_minutes)
        return self.archive.clock.now() - self.session.password_at > limit

    def form(self) -> Form:
        """The empty form of this page, or what was typed into it when an earlier session ended."""
        kept = self.session.kept_form
        return Form(kept["fields"]) if kept.get("path") == self.path else Form()


def recognise(request: Request) -> Visit | None:
    """Notes `visit`, `viewer` and `csrf` on the request's state; None for a stranger."""
    archive: Archive = request.app.state.archive
    state = request.state
    state.visit, state.viewer, state.csrf = None, None, ""
    try:
        actor, session = session_actor(archive, request.cookies.get(COOKIE))
    except SignInNeeded:
        return None
    unit, must_change = _of_person(archive, actor)
    language = preferences_of(request).language
    state.visit = Visit(archive, actor, session, language, request.url.path, must_change)
    state.viewer = Viewer(actor.name, unit, frozenset(actor.roles), actor.username)
    state.csrf = session.csrf
    return state.visit  # type: ignore[no-any-return]  # the state of a request is untyped


def _of_person(archive: Archive, actor: Actor) -> tuple[str, bool]:
    """The unit's name, and whether the password was chosen by somebody else."""
    with archive.look(THE_ARCHIVE) as work:
        unit = work.session.get(Unit, actor.unit_id) if actor.unit_id else None
        return unit.name if unit else "", signin.must_change_password(work, actor.id)


def _visit(request: Request) -> Visit:
    visit: Visit | None = request.state.visit
    if visit is None:
        raise SignInNeeded
    if visit.must_change and visit.path not in WITH_FIRST_PASSWORD:
        raise NewPasswordNeeded
    return visit


def _posted(request: Request) -> Posted:
    posted: Posted = request.state.posted
    return posted


TheVisit = Annotated[Visit, Depends(_visit)]
ThePosted = Annotated[Posted, Depends(_posted)]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route that no page can forget to guard: the checks stand before it, not in it."""

    def get_route_handler(self) -> Handler:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            await run_in_threadpool(recognise, request)
            if request.method != "POST":
                return await answer(request)
            request.state.posted = await read_posted(request)
            _refuse_foreign(request)
            return await _once(request, answer)

        return handle


def page_router() -> APIRouter:
    return APIRouter(include_in_schema=False, route_class=PageRoute)


def _refuse_foreign(request: Request) -> None:
    """Raises `SignInNeeded` or `Forbidden`. The sign-in form has no session whose token it could carry."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise _foreign()
    visit: Visit | None = request.state.visit
    if visit is None and request.url.path != SIGN_IN:
        raise SignInNeeded
    if visit is not None and not hmac.compare_digest(
        request.state.posted.raw("csrf").encode(), visit.session.csrf.encode()
    ):
        raise _foreign()


def _foreign() -> Forbidden:
    return Forbidden(
        "Biểu mẫu không thuộc phiên đăng nhập này nên chưa thực hiện gì. Đề nghị tải lại trang rồi gửi lại.",
        "The form does not belong to this session; nothing was done. Load the page again and resend.",
        name="foreign-form",
    )


async def _once(request: Request, answer: Handler) -> Response:
    """Runs the act for the first post of a form; a later one is led to where the first led."""
    visit: Visit | None = request.state.visit
    token = request.state.posted.raw("once")
    if visit is None or not token or visit.actor.id is None:
        return await answer(request)
    begun = await run_in_threadpool(once.begin, visit.archive, visit.session.digest, token, visit.actor.id)
    if isinstance(begun, once.Answered):
        return _again(begun)
    try:
        response = await answer(request)
    except BaseException:
        await run_in_threadpool(once.forget, visit.archive, begun)
        raise
    if response.status_code >= 400:
        await run_in_threadpool(once.forget, visit.archive, begun)
    else:
        await run_in_threadpool(once.keep, visit.archive, begun, _answered(response))
    return response


def _answered(response: Response) -> once.Answered:
    flashes = [v for v in response.headers.getlist("set-cookie") if v.startswith(f"{FLASH}=")]
    flash = flashes[0].partition("=")[2].partition(";")[0] if flashes else ""
    return once.Answered(response.headers.get("location", ""), flash.strip('"'))


def _again(first: once.Answered) -> Response:
    answer = redirect(first.location)
    if first.flash:
        answer.set_cookie(FLASH, first.flash, max_age=FLASH_SECONDS, httponly=True, samesite="lax")
    return answer
