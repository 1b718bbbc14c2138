"""What a person prefers, kept in cookies: no page depends on them and none is in an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from archive_service.kernel.errors import Missing

CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("vi", "en"),
    "theme": ("system", "light", "dark"),
    "rows": ("50", "25", "100"),
    "density": ("roomy", "compact"),
    "keys": ("on", "off"),
    "spoken": ("on", "off"),
}
YEAR = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Preferences:
    """The first choice of each row above is the default."""

    language: str
    theme: str
    rows: int
    density: str
    keys: str
    spoken: str


def preferences_of(request: Request) -> Preferences:
    """Read the cookies; a value that is no choice counts as the default."""
    chosen = {
        name: request.cookies[name] if request.cookies.get(name) in choices else choices[0]
        for name, choices in CHOICES.items()
    }
    return Preferences(**{**chosen, "rows": int(chosen["rows"])})  # type: ignore[arg-type]


@router.get("/preferences/{name}/{value}")
def prefer(
    request: Request, name: str, value: str, back: Annotated[str, Query(max_length=2000)] = "/"
) -> RedirectResponse:
    """Keep one preference for a year and go back to the page, on this host only."""
    if value not in CHOICES.get(name, ()):
        raise Missing
    answer = RedirectResponse(local_address(back), status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    return answer


def local_address(address: str) -> str:
    r"""The address if it is a path of this host, else "/": "//other" and "/\other" would leave it.

    >>> local_address("/sips?unit=1"), local_address("//evil.example"), local_address("https://evil.example")
    ('/sips?unit=1', '/', '/')
    """
    harmless = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if harmless and address.isprintable() else "/"
