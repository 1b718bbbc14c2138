"""Realistic administrative documents, every one from the same `Paper`: PDF/A, scan, Word, spreadsheet, drawing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from PIL import Image

from archive_service.demo.bodies import KINDS
from archive_service.demo.people import DemoAgency
from archive_service.demo.pki import Signer, sign_pdf
from archive_service.demo.prose import Part, Writer, names, spelled
from archive_service.demo.typesetting import letter, seal_of, typesetter
from archive_service.kernel.clock import VIETNAM


@dataclass(frozen=True, slots=True)
class Paper:
    """What a document says, before it takes a form. `strokes`: the autograph's curves in millimetres."""

    type: str
    number: str
    symbol: str
    day: date
    subject: str
    agency: DemoAgency
    parts: tuple[Part, ...]
    to: tuple[str, ...]
    recipients: tuple[str, ...]
    strokes: tuple[tuple[float, ...], ...]
    keywords: tuple[str, ...] = ()
    stamp: str = ""

    @property
    def title(self) -> str:
        return f"{self.type} {self.number}/{self.symbol}: {self.subject}"

    @property
    def signed_at(self) -> datetime:
        """In the afternoon of its day, Vietnamese time; the minutes follow from the number."""
        minutes = sum(self.number.encode()) % 120
        return datetime.combine(self.day, time(14), VIETNAM) + timedelta(minutes=minutes)


def write_paper(
    code: str,
    number: int,
    day: date,
    about: str,
    agency: DemoAgency,
    unit: str,
    subject: str,
    chance: Random,
    *,
    stamp: str = "",
) -> Paper:
    """The content of a document of the given kind (`bodies.KINDS`), its number and symbol as NĐ 30/2020 has them."""
    kind = KINDS[code]
    writer = Writer(subject, day, chance)
    return Paper(
        type=kind.name,
        number=f"{number:02}",
        symbol=f"{agency.symbol}-{unit}" if code == "CV" else f"{code}-{agency.symbol}",
        day=day,
        subject=about,
        agency=agency,
        parts=kind.body(writer, agency, about),
        to=tuple(chance.sample(names()["agencies"], k=1 + (code == "CV"))) if kind.addressed else (),
        recipients=(_first_recipient(code), f"{agency.superior or agency.name} (b/c);", f"Lưu: VT, {unit}."),
        strokes=_autograph(chance),
        keywords=(writer.subject,),
        stamp=stamp,
    )


def born_digital(paper: Paper, *signers: Signer) -> bytes:
    """PDF/A-2b, then one invisible signature a signer: the person's first, the agency's ten minutes later."""
    pdf = typesetter().pdf(letter(), _inputs(paper, "digital"), _seal(paper), made_at=paper.signed_at)
    for number, signer in enumerate(signers):
        at = (paper.signed_at + timedelta(minutes=5 + 10 * number)).astimezone(UTC)
        pdf = sign_pdf(
            pdf, signer, at, field=f"ChuKy{number + 1}", reason=f"Ký số {paper.number}/{paper.symbol}"
        )
    return pdf


def page_images(paper: Paper, *, dpi: int) -> list[Image.Image]:
    """The printed, stamped and signed sheets: what lies on a scanner's glass."""
    return typesetter().images(letter(), _inputs(paper, "page"), _seal(paper), dpi=dpi)


def two_layers(paper: Paper, scans: list[bytes]) -> bytes:
    """The scans (JPEG, a page each) with the text invisibly over them, where it is printed."""
    files = {f"scan-{number}.jpg": scan for number, scan in enumerate(scans, 1)}
    return typesetter().pdf(letter(), _inputs(paper, "layer"), files, made_at=paper.signed_at)


def _seal(paper: Paper) -> dict[str, bytes]:
    return {"seal.svg": seal_of(paper.agency.heading)}


def _inputs(paper: Paper, look: str) -> dict[str, str]:
    agency = paper.agency
    said = {
        "type": "" if paper.type == "Công văn" else paper.type,
        "title": paper.title,
        "superior": agency.superior,
        "agency": agency.heading,
        "capacity": agency.capacity,
        "position": agency.position,
        "signer": agency.signer,
        "number": paper.number,
        "symbol": paper.symbol,
        "place": agency.place,
        "day": f"ngày {spelled(paper.day)}",
        "subject": paper.subject,
        "keywords": paper.keywords,
        "stamp": paper.stamp,
        "to": paper.to,
        "recipients": paper.recipients,
        "parts": [asdict(part) for part in paper.parts],
        "strokes": paper.strokes,
        "sealed": True,
    }
    return {"paper": json.dumps(said, ensure_ascii=False), "look": look}


def _first_recipient(code: str) -> str:
    return {"QĐ": "Như Điều 4;", "CV": "Như trên;", "TTr": "Như trên;"}.get(code, "Các đơn vị liên quan;")


def _autograph(chance: Random) -> tuple[tuple[float, ...], ...]:
    """Some loops from left to right, the last one a long stroke: coordinates of cubic curves, 40 × 18 mm."""
    curves: list[tuple[float, ...]] = []
    for x in range(4, 30, 6):
        top, bottom = chance.uniform(1, 7), chance.uniform(11, 17)
        curves.append((x - 1, top, x + 3, bottom + 1, x + chance.uniform(3, 6), chance.uniform(8, 12)))
    curves.append((31.0, 14.0, 34.0, 9.0, 39.0, chance.uniform(2, 8)))
    return tuple(tuple(round(value, 2) for value in curve) for curve in curves)
