"""A described dossier as plain values: the law's tags with their raw strings, and which files are which document."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

METADATA = "data/metadata.xml"
LONGEST_CODE = 200
"""Letters of a dossier code: it is an identity, kept in indexes, and never cut."""


@dataclass(frozen=True, slots=True)
class DocumentDescription:
    """One document. `files` are paths from the bag's root, the original first; `repeated` are tags given twice."""

    tags: dict[str, str]
    files: tuple[str, ...]
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierDescription:
    tags: dict[str, str]
    documents: tuple[DocumentDescription, ...]
    repeated: tuple[str, ...] = ()


class MetadataUnreadable(Exception):
    """`metadata.xml` is no description that can be read; the text says where and why, for a finding."""


@dataclass(frozen=True, slots=True)
class LawDate:
    """A date of the law: DD/MM/YYYY, MM/YYYY or YYYY. The string is kept, the range says what it may mean.

    >>> LawDate.parse("02/2024").latest
    datetime.date(2024, 2, 29)
    """

    raw: str
    earliest: date
    latest: date

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises ValueError for anything that is no date of the calendar in one of the three forms."""
        found = re.fullmatch(r"(?:(?:([0-9]{1,2})/)?([0-9]{1,2})/)?([0-9]{4})", raw.strip())
        if found is None:
            raise ValueError(f"no date: {raw!r}")
        year, month, day = int(found[3]), int(found[2] or 0), int(found[1] or 0)
        if found[1]:
            return cls(raw, date(year, month, day), date(year, month, day))
        if found[2]:
            first = date(year, month, 1)
            return cls(raw, first, first.replace(day=calendar.monthrange(year, month)[1]))
        return cls(raw, date(year, 1, 1), date(year, 12, 31))


@dataclass(frozen=True, slots=True)
class DossierCode:
    """Mã hồ sơ with its parts as given. Dots stand inside the parts too, so the code is never split."""

    code: str
    identifier: str
    organ_id: str
    file_catalog: str
    file_notation: str

    @property
    def composed(self) -> str:
        """The code that the parts make: fonds or agency, year or inventory, notation (TT 01/2019 Điều 16 khoản 3)."""
        return ".".join(each for each in (self.organ_id, self.file_catalog, self.file_notation) if each)

    @property
    def agrees(self) -> bool:
        """Whether code and parts say the same; parts not given cannot disagree."""
        if not (self.organ_id and self.file_catalog and self.file_notation):
            return True
        return self.code in (self.composed, f"{self.identifier}.{self.composed}")
