"""axe-core on a page that a real browser shows; the script comes from the Python package, not from the web."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

from tests.judges.java import Verdict

if TYPE_CHECKING:
    from playwright.sync_api import Page

REFUSED = ("serious", "critical")


def axe(page: Page) -> Verdict:
    """Refused with a serious or critical violation; the others are only said. `examined` counts rules applied."""
    response = Axe().run(page).response
    violations = response["violations"]
    said = tuple(
        f"{each['impact']} {each['id']}: " + ", ".join(" ".join(node["target"]) for node in each["nodes"][:5])
        for each in violations
    )
    accepted = not any(each["impact"] in REFUSED for each in violations)
    return Verdict(accepted, len(response["passes"]) + len(violations), said)
