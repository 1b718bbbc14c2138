"""`/problems` and `/findings`: every stable name that this API may answer with, and what it means."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request

from archive_service.api.doors import Shown, TheActor, TheArchive, language_of
from archive_service.api.pages import ItemList
from archive_service.kernel.errors import URN
from archive_service.kernel.findings import URN as FINDING
from archive_service.kernel.findings import Severity

router = APIRouter(tags=["catalogue"])


class ProblemShown(Shown):
    """A problem type (RFC 9457) with the status that it always has."""

    type: str
    name: str
    status: int
    meaning: str


class FindingKind(Shown):
    """A finding code. The sentence takes `{path}`, `{got}` and `{expected}`."""

    type: str
    code: str
    severity: Severity
    clause: str
    sentence: str
    remedy: str


@cache
def problems_told() -> dict[str, dict[str, Any]]:
    """Name → status, vi, en."""
    text = resources.files("archive_service.api").joinpath("problems.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@router.get("/problems")
def problems(request: Request, actor: TheActor) -> ItemList[ProblemShown]:
    language = language_of(request)
    items = [
        ProblemShown(type=URN + name, name=name, status=row["status"], meaning=row[language])
        for name, row in sorted(problems_told().items())
    ]
    return ItemList(items=items, next=None)


@router.get("/findings")
def findings(request: Request, actor: TheActor, archive: TheArchive) -> ItemList[FindingKind]:
    english = language_of(request) == "en"
    items = [
        FindingKind(
            type=FINDING + code,
            code=code,
            severity=row.severity,
            clause=row.clause_en if english else row.clause,
            sentence=row.en if english else row.vi,
            remedy=row.remedy_en if english else row.remedy_vi,
        )
        for code, row in sorted(archive.rules.messages.items())
    ]
    return ItemList(items=items, next=None)
