"""The findings of a package as one HTML page without links, scripts or foreign fonts: it can be mailed and printed."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader

from archive_service.kernel.findings import Finding
from archive_service.regulations import load

PAGES = Environment(loader=PackageLoader("archive_service.cli", "."), autoescape=True)


def as_html(name: str, findings: Sequence[Finding], language: str) -> str:
    rules = load()
    rows = [(rules.severity(each).value, each, rules.sentence(each, language)) for each in findings]
    return PAGES.get_template("sip_report.html").render(name=name, rows=rows, english=language == "en")
