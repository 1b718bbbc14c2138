"""A demo dossier as a producer's system would leave it: a folder with the documents and `dossier.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pikepdf

from archive_service.demo.bodies import KINDS
from archive_service.demo.documents import Paper, born_digital, write_paper
from archive_service.demo.drawings import drawn
from archive_service.demo.office import word, workbook
from archive_service.demo.people import DATA, DemoAgency, organisation
from archive_service.demo.scans import scanned
from archive_service.demo.seals import Seals

SUFFIX = {"pdf": "pdf", "plain": "pdf", "scan": "pdf", "docx": "docx", "xlsx": "xlsx", "drawing": "jpg"}


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """One row of a dossier in data/dossiers.toml."""

    type: str
    number: int
    date: date
    about: str
    form: str
    rights: str = ""
    stamp: str = ""
    outsider: bool = False


@dataclass(frozen=True, slots=True)
class DemoDossier:
    """`fault` names what is wrong on purpose ("" for nothing). `late`: sent at the end and left to decide.

    `file_code` is composed as TT 01/2019 Đ.16.3 says.
    """

    agency: DemoAgency
    unit: str
    notation: str
    year: int
    subject: str
    title: str
    maintenance: str
    rights: str
    keyword: str
    documents: tuple[DemoDocument, ...]
    fault: str = ""
    late: bool = False

    @property
    def file_code(self) -> str:
        return f"{self.agency.identifier}.{self.year}.{self.notation}"


@cache
def demo_dossiers() -> tuple[DemoDossier, ...]:
    """Read once; the good ones first. An unknown key in the data is an error."""
    rows = tomllib.loads((DATA / "dossiers.toml").read_text(encoding="utf-8"))["dossier"]
    return tuple(_dossier(row) for row in rows)


def write_folder(folder: Path, dossier: DemoDossier, seals: Seals, seed: int) -> Path:
    """The documents, named as TT 02/2019 Đ.6.1 names them (code, dot, ordinal), and `dossier.toml`."""
    folder.mkdir(parents=True)
    described = []
    for ordinal, document in enumerate(dossier.documents, 1):
        chance = Random(f"{seed}/{dossier.file_code}/{ordinal}")  # noqa: S311 - must repeat, need not surprise
        name = f"{dossier.file_code}.{ordinal:03}.{SUFFIX[document.form]}"
        paper = _paper(dossier, document, chance)
        content = _made(paper, document, seals, chance)
        (folder / name).write_bytes(content)
        described.append({"files": [name], **_document_tags(dossier, document, paper, ordinal, content)})
    text = dossier_toml(_dossier_tags(dossier), described)
    (folder / "dossier.toml").write_text(text, encoding="utf-8")
    return folder


def dossier_toml(dossier: Mapping[str, Any], documents: Iterable[Mapping[str, Any]]) -> str:
    """[dossier] with the law's tags, then one [[document]] each with its tags and `files`."""
    blocks = ["[dossier]\n" + _lines(dossier), *("[[document]]\n" + _lines(each) for each in documents)]
    return "\n".join(blocks)


def _lines(values: Mapping[str, Any]) -> str:
    # JSON strings and lists of strings are TOML too.
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items() if value
    )


def _dossier(row: dict[str, Any]) -> DemoDossier:
    documents = tuple(DemoDocument(**each) for each in row["documents"])
    return DemoDossier(**{**row, "agency": organisation().agency(row["agency"]), "documents": documents})


def _paper(dossier: DemoDossier, document: DemoDocument, chance: Random) -> Paper:
    return write_paper(
        document.type,
        document.number,
        document.date,
        document.about,
        dossier.agency,
        dossier.unit,
        dossier.subject,
        chance,
        stamp=document.stamp,
    )


def _made(paper: Paper, document: DemoDocument, seals: Seals, chance: Random) -> bytes:
    signers = seals.for_document(paper.agency, paper.day, outsider=document.outsider)
    made: dict[str, Any] = {
        "pdf": lambda: born_digital(paper, *signers),
        "plain": lambda: born_digital(paper),
        "scan": lambda: scanned(paper, chance),
        "docx": lambda: word(paper),
        "xlsx": lambda: workbook(paper),
        "drawing": lambda: drawn(paper, chance),
    }
    content: bytes = made[document.form]()
    return content


def _dossier_tags(dossier: DemoDossier) -> dict[str, str]:
    days = [document.date for document in dossier.documents]
    return {
        "FileCode": dossier.file_code,
        "Identifier": organisation().archive_identifier,
        "OrganId": dossier.agency.identifier,
        "FileCatalog": str(dossier.year),
        "FileNotation": dossier.notation,
        "Title": dossier.title,
        "Maintenance": dossier.maintenance,
        "Rights": dossier.rights,
        "Language": "Tiếng Việt",
        "StartDate": f"{min(days):%d/%m/%Y}",
        "EndDate": f"{max(days):%d/%m/%Y}",
        "TotalDoc": str(len(days)),
        "Description": "Hồ sơ trình diễn: cơ quan, người và sự việc đều là hư cấu.",
        "InforSign": dossier.unit,
        "Keyword": dossier.keyword,
        "Format": "Tốt",
        "Creator": _unit_name(dossier)[:30],
    }


def _document_tags(
    dossier: DemoDossier, document: DemoDocument, paper: Paper, ordinal: int, content: bytes
) -> dict[str, str]:
    agency = dossier.agency
    in_year = f"{sorted(KINDS).index(document.type):02}{document.number:04}"
    return {
        "DocCode": f"{agency.identifier}.{document.date.year}.{in_year}",
        "DocOrdinal": str(ordinal),
        "TypeName": paper.type,
        "CodeNumber": paper.number,
        "CodeNotation": paper.symbol,
        "IssuedDate": f"{document.date:%d/%m/%Y}",
        "OrganName": agency.name,
        "Subject": paper.subject,
        "Language": "Tiếng Việt",
        "PageAmount": _pages(document.form, content),
        "Keyword": dossier.keyword,
        "Mode": document.rights or dossier.rights,
        "ConfidenceLevel": "Số hóa" if document.form == "scan" else "Gốc điện tử",
        "Autograph": f"Chuyển {_unit_name(dossier)} xử lý."
        if document.form == "scan" and ordinal == 1
        else "",
        "Format": "Tốt" if document.form == "scan" else "",
        "Position": agency.position,
        "FullName": agency.signer,
    }


def _unit_name(dossier: DemoDossier) -> str:
    return next(unit.name for unit in dossier.agency.units if unit.code == dossier.unit)


def _pages(form: str, content: bytes) -> str:
    """Empty for office files: their pages depend on who prints them."""
    if form == "drawing":
        return "1"
    if SUFFIX[form] != "pdf":
        return ""
    with pikepdf.open(BytesIO(content)) as pdf:
        return str(len(pdf.pages))
