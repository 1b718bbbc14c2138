"""Lines of manifests (RFC 8493, 2.1.3): how a path is written, read, and kept inside the bag."""

from __future__ import annotations

import re

STRONG = ("sha256", "sha512")
WEAK = ("md5", "sha1")
ALGORITHMS = (*STRONG, *WEAK, "sha224", "sha384")
"""What this archive can compute. SHA-256 or SHA-512 must be there; the others are checked beside them."""

_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.*)", re.DOTALL)
_ESCAPES = {"%0a": "\n", "%0d": "\r", "%25": "%"}


def encode_path(path: str) -> str:
    """Percent, LF and CR are encoded, and only those (RFC 8493, 2.1.3).

    >>> encode_path("data/50%\\n.pdf")
    'data/50%25%0A.pdf'
    """
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decode_path(written: str, *, percent: bool) -> str:
    """The path meant by a line. `percent`: from version 1.0 on "%25" means "%"; 0.97 encoded line breaks only.

    Any other "%" stands for itself, since writers that know no escapes are common.

    >>> decode_path("data/50%25%0A%41.pdf", percent=True)
    'data/50%\\n%41.pdf'
    """
    pattern = "%0[aAdD]|%25" if percent else "%0[aAdD]"
    return re.sub(pattern, lambda found: _ESCAPES[found.group().lower()], written)


def split_lines(text: str) -> list[str]:
    """Lines end in LF, CR or CRLF and in nothing else: str.splitlines would cut names at U+2028 and others."""
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[:-1] if lines[-1] == "" else lines


def parse_line(line: str) -> tuple[str, str, bool] | None:
    """(digest in lower case, path as written, whether an old style mark was dropped), or None for no such line."""
    found = _LINE.fullmatch(line)
    if found is None or not found[3]:
        return None
    path = found[3].removeprefix("./")
    return found[1].lower(), path, bool(found[2]) or path != found[3]


def is_safe(path: str) -> bool:
    """A relative path that stays inside the bag, on any system that this archive or a reader may use."""
    return not (
        path.startswith(("/", "~"))
        or "\\" in path
        or "\0" in path
        or any(part in ("", ".", "..") for part in path.split("/"))
    )
