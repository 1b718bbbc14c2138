"""`/docs`: how to make a package, what each finding means, by which law. Public; made from the rules themselves."""

from __future__ import annotations

from importlib import resources

from fastapi import Request, Response

from archive_service.kernel.errors import Missing
from archive_service.regulations import load
from archive_service.web.frame import Page, render, sentences
from archive_service.web.sentences import Sentences
from archive_service.web.session import page_router
from archive_service.work import Archive

router = page_router()
HERE = "/docs"
#: Files that producers' systems read, by name: package, media type.
DOWNLOADS = {
    "dossier-1.xsd": ("preservation.description", "application/xml"),
    "bagit-profile-1.json": ("preservation.description", "application/json"),
}


def _trail(t: Sentences) -> list[tuple[str, str]]:
    return [(t("navigation.help"), HERE)]


@router.get(HERE)
def show_index(request: Request) -> Response:
    t = sentences(request)
    return render(request, "docs/index.html", Page(t("docs.title"), here=HERE), names=sorted(DOWNLOADS))


@router.get("/docs/findings")
def show_findings(request: Request) -> Response:
    t, rules = sentences(request), load()
    groups = [
        (severity, sorted((code, one) for code, one in rules.messages.items() if one.severity == severity))
        for severity in ("error", "warning", "note")
    ]
    page = Page(
        t("docs.findings"), t("docs.findings_what", n=len(rules.messages)), crumbs=_trail(t), here=HERE
    )
    return render(request, "docs/findings.html", page, groups=groups)


@router.get("/docs/findings/{code}")
def show_finding(request: Request, code: str) -> Response:
    t, rules = sentences(request), load()
    message = rules.messages.get(code)
    if message is None:
        raise Missing
    trail = [*_trail(t), (t("docs.findings"), "/docs/findings")]
    return render(
        request,
        "docs/finding.html",
        Page(t("docs.finding", code=code), crumbs=trail, here=HERE),
        code=code,
        message=message,
    )


@router.get("/docs/fields")
def show_fields(request: Request) -> Response:
    t, rules = sentences(request), load()
    tables = [(level, rules.fields(level)) for level in ("dossier", "document")]
    page = Page(t("docs.fields"), t("docs.fields_what"), crumbs=_trail(t), here=HERE)
    return render(request, "docs/fields.html", page, tables=tables)


@router.get("/docs/law")
def show_law(request: Request) -> Response:
    archive: Archive = request.app.state.archive
    t, rules = sentences(request), archive.rules
    page = Page(t("docs.law"), t("docs.law_what"), crumbs=_trail(t), here=HERE)
    return render(request, "docs/law.html", page, instruments=rules.instruments, hours=rules.office_hours)


@router.get("/docs/files/{name}")
def download(name: str) -> Response:
    if name not in DOWNLOADS:
        raise Missing
    package, media_type = DOWNLOADS[name]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    content = resources.files(package).joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers=headers)
