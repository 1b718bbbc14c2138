"""Plans of plots as plain images, without any text layer: only their description makes them findable."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from archive_service.demo.documents import Paper
from archive_service.demo.prose import Writer, spelled, thousands
from archive_service.demo.scans import DPI, jpeg
from archive_service.demo.typesetting import typesetter

COLUMNS, ROWS = 7, 4
WIDTH, HEIGHT = 34, 27
"""Of a plot, in millimetres, before its corners are moved."""


def drawn(paper: Paper, chance: Random) -> bytes:
    """A JPEG at 200 dpi, A4 landscape."""
    plan = {
        "plots": _plots(chance),
        "subject": paper.subject,
        "number": f"{paper.number}/{paper.symbol}",
        "agency": paper.agency.heading,
        "place": paper.agency.place,
        "day": f"ngày {spelled(paper.day)}",
        "surveyor": Writer("dat_dai", paper.day, chance).person(),
    }
    [page] = typesetter().images(_source(), {"plan": json.dumps(plan, ensure_ascii=False)}, dpi=DPI)
    return jpeg(page, quality=80)


def _plots(chance: Random) -> list[dict[str, Any]]:
    """Neighbours share their corners, as plots do."""
    corner = {
        (column, row): (column * WIDTH + chance.randint(1, 9), row * HEIGHT + chance.randint(0, 8))
        for column in range(COLUMNS + 1)
        for row in range(ROWS + 1)
    }
    plots = []
    for number, (column, row) in enumerate(((c, r) for r in range(ROWS) for c in range(COLUMNS)), 1):
        corners = [corner[column + x, row + y] for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        middle = [sum(axis) / 4 for axis in zip(*corners, strict=True)]
        area = thousands(chance.randint(180, 2_400))
        plots.append({"number": number, "corners": corners, "middle": middle, "area": area})
    return plots


@cache
def _source() -> str:
    return Path(__file__).with_name("drawing.typ").read_text(encoding="utf-8")
