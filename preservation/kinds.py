"""Which parser reads a format, by PRONOM identifier. A format that is not here is kept, but not read."""

from __future__ import annotations

from typing import Literal

Kind = Literal["pdf", "docx", "xlsx", "opendocument", "text", "html", "image", "other"]

_PUIDS: dict[Kind, str] = {
    "pdf": (
        "fmt/14 fmt/15 fmt/16 fmt/17 fmt/18 fmt/19 fmt/20 fmt/276 fmt/1129 "
        "fmt/95 fmt/354 fmt/476 fmt/477 fmt/478 fmt/479 fmt/480 fmt/481 fmt/1910 fmt/1911 fmt/1912 "
        "fmt/144 fmt/145 fmt/146 fmt/147 fmt/148 fmt/157 fmt/158 fmt/488 fmt/489 fmt/490 fmt/491 fmt/492 fmt/493"
    ),
    "docx": "fmt/412 fmt/523 fmt/1827",
    "xlsx": "fmt/214 fmt/445 fmt/1828",
    "opendocument": "fmt/136 fmt/290 fmt/291 fmt/1756 fmt/137 fmt/294 fmt/295 fmt/1755 fmt/138 fmt/292 fmt/293",
    "text": "x-fmt/111 x-fmt/18 fmt/101 x-fmt/16 x-fmt/22 x-fmt/130 x-fmt/282",
    "html": "fmt/96 fmt/97 fmt/98 fmt/99 fmt/100 fmt/102 fmt/103 fmt/471",
    "image": (
        "fmt/41 fmt/42 fmt/43 fmt/44 fmt/645 fmt/1507 x-fmt/390 x-fmt/391 x-fmt/398 "
        "fmt/11 fmt/12 fmt/13 fmt/935 fmt/3 fmt/4 fmt/353 fmt/114 fmt/115 fmt/116 fmt/117 fmt/118 fmt/119"
    ),
}
_KINDS = {puid: kind for kind, puids in _PUIDS.items() for puid in puids.split()}


def kind_of(puid: str) -> Kind:
    """
    >>> kind_of("fmt/477"), kind_of("fmt/412"), kind_of("UNKNOWN")
    ('pdf', 'docx', 'other')
    """
    return _KINDS.get(puid, "other")
