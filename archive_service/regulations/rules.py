"""All rules in one frozen value, and the questions that are asked of it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import replace
from datetime import date
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

from archive_service.kernel.findings import Finding, Severity
from archive_service.regulations.tables import (
    AccessWords,
    CodeList,
    DestructionLaw,
    DocumentType,
    Field,
    FormatPolicy,
    IncidentRule,
    Instrument,
    Message,
    OfficeHours,
    Reason,
    RetentionWords,
    Table,
)
from archive_service.regulations.terms import Permanent, Term, Unknown, Years

AccessMode = Literal["public", "conditional", "closed", "secret"]
Level = Literal["fonds", "dossier", "document"]

OLDER = "older"
"""The regime of what was formed before the first instrument that we hold tables of."""


def plain_words(raw: str) -> str:
    """NFKC, lower case, everything but letters and digits one space: how words of people are compared.

    >>> plain_words("  03.  Sử dụng\\tcó điều kiện "), plain_words("TUYỆT_M\\u200bẬT")
    ('03 sử dụng có điều kiện', 'tuyệt mật')
    """
    # Signs without a look of their own (soft hyphen, zero-width space) part no word: nobody sees them.
    seen = "".join(each for each in raw if unicodedata.category(each) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", seen).casefold()))


class Rules(Table):
    """The tables of `data/`. Equal for every package; which instrument binds a package is asked by date."""

    instruments: tuple[Instrument, ...]
    field_tables: dict[str, tuple[Field, ...]]
    supplements: dict[str, tuple[Field, ...]]
    """Fields of other instruments that a package may carry beside its own: known, never demanded."""
    code_lists: tuple[CodeList, ...]
    access: AccessWords
    retention: RetentionWords
    destruction: tuple[DestructionLaw, ...]
    incident_report: tuple[IncidentRule, ...]
    """The oldest first."""
    document_types: tuple[DocumentType, ...]
    formats: tuple[FormatPolicy, ...]
    unknown_format: FormatPolicy
    office_hours: OfficeHours
    messages: dict[str, Message]
    signature_reasons: dict[str, Reason]

    def with_hours(self, **changes: object) -> Rules:
        """These rules with the office hours that the receiving agency has set."""
        hours = OfficeHours.model_validate({**self.office_hours.model_dump(), **changes})
        return self.model_copy(update={"office_hours": hours})

    def in_force(self, on: date) -> tuple[Instrument, ...]:
        return tuple(each for each in self.instruments if each.in_force(on))

    def regime(self, on: date) -> str:
        """The metadata regime of what was formed on that day: TT02_2019, TT05_2025 or older."""
        return next((each.regime for each in self.in_force(on) if each.regime), OLDER)

    def instrument(self, instrument_id: str) -> Instrument:
        return next(each for each in self.instruments if each.id == instrument_id)

    def fields(self, level: Level) -> tuple[Field, ...]:
        """The field table of TT 02/2019 for this level, in the order of the annex."""
        return self.field_tables[level]

    def known_fields(self, level: Level) -> dict[str, Field]:
        """Every field that may stand at this level, by tag; the level's own table wins."""
        return {each.tag: each for each in self.supplements.get(level, ()) + self.fields(level)}

    @cached_property
    def tag_spellings(self) -> dict[str, str]:
        """Other spellings of tags that circulate (misprints of the annex among them), each with the law's tag."""
        every = [*self.field_tables.values(), *self.supplements.values()]
        return {other: field.tag for table in every for field in table for other in field.also_written}

    def codes(self, list_id: str) -> CodeList:
        return next(each for each in self.code_lists if each.id == list_id)

    def access_mode(self, raw: str | None) -> AccessMode:
        """What a raw Rights or Mode means. Unknown or missing is closed; a doubtful word of secrecy is secret.

        The reading is generous towards secrecy: "03 - Mật", "MẬT" and "Độ Mật: tối mật" are all secret.
        """
        words = plain_words(raw or "")
        if words in map(plain_words, self.access.secret) or self._names_a_secret(words):
            return "secret"
        for mode in ("public", "conditional"):
            if words in map(plain_words, getattr(self.access, mode)):
                return mode
        return "closed"

    def access_known(self, raw: str | None) -> bool:
        """Whether the raw string stands in a list, so that no officer needs to map it."""
        words = plain_words(raw or "")
        return self.access_mode(raw) != "closed" or words in map(plain_words, self.access.closed)

    def _names_a_secret(self, words: str) -> bool:
        if any(f" {each} " in f" {words} " for each in map(plain_words, self.access.secret_phrases)):
            return True
        for phrase in map(plain_words, self.access.not_secret):
            words = f" {words} ".replace(f" {phrase} ", " ").strip()
        return not set(words.split()).isdisjoint(map(plain_words, self.access.secret_words))

    def maintenance(self, raw: str | None) -> Term:
        """The retention term of a raw Maintenance: "Vĩnh viễn", "N năm", everything else a person judges."""
        if plain_words(raw or "") in map(plain_words, self.retention.permanent):
            return Permanent()
        # Signs are kept: "-5 năm" and "1,5 năm" are not five years.
        units = "|".join(map(re.escape, self.retention.year_words))
        words = " ".join(unicodedata.normalize("NFC", raw or "").casefold().split())
        found = re.fullmatch(f"([0-9]{{1,3}}) (?:{units})", words)
        if found and 0 < int(found[1]) <= self.retention.most_years:
            return Years(int(found[1]))
        return Unknown(raw or "")

    def destruction_law(self, on: date) -> DestructionLaw:
        """The law by which a list decided on that day is destroyed; before all of them the oldest."""
        return max(
            (each for each in self.destruction if each.in_force_from <= on),
            key=lambda each: each.in_force_from,
            default=self.destruction[0],
        )

    def incident_rules(self, on: date, province: str, level: int) -> tuple[IncidentRule, ...]:
        """The rules that bind an agency of that province, with a system of that security level, on that day."""
        return tuple(
            each
            for each in self.incident_report
            if each.in_force_from <= on and each.from_level <= level and each.province in ("", province)
        )

    def format_policy(self, puid: str) -> FormatPolicy:
        return self._formats_by_puid.get(puid, self.unknown_format)

    @cached_property
    def _formats_by_puid(self) -> dict[str, FormatPolicy]:
        return {each.puid: each for each in self.formats}

    def type_abbreviation(self, name: str) -> str:
        """ "Quyết định" gives "QĐ"; empty for a type without one, or no type of the decree."""
        wanted = plain_words(name)
        return next((t.abbreviation for t in self.document_types if plain_words(t.name) == wanted), "")

    def message(self, code: str) -> Message:
        """The sentences and severity of a finding code; KeyError for a code that nobody has described."""
        return self.messages[code]

    def severity(self, finding: Finding) -> Severity:
        return self.message(finding.code).severity

    def sentence(self, finding: Finding, language: str = "vi") -> str:
        """What, where, found, required, basis, what to do: one line of whole sentences."""
        row = self.message(finding.code)
        english = language == "en"
        clause, remedy = (row.clause_en, row.remedy_en) if english else (row.clause, row.remedy_vi)
        basis = f" {'Basis' if english else 'Căn cứ'}: {clause}." if clause else ""
        return f"{self.told(finding, language)}{basis} {remedy}"

    def told(self, finding: Finding, language: str = "vi") -> str:
        """The sentence of the finding alone, in words: no code of a standard stands in it."""
        shown = replace(finding, got=self.in_words(finding.got, language))
        return self.message(finding.code).told(shown, language)

    def in_words(self, got: str, language: str = "vi") -> str:
        """What was found, with a signature's sub-indication ("HASH_FAILURE") as words."""
        return re.sub(r"(?<= )[A-Z][A-Z_]+$", lambda code: self._within(code[0], language), got)

    def reason(self, code: str, language: str = "vi") -> str:
        """A sub-indication as a sentence; one that nobody has described as it is."""
        found = self.signature_reasons.get(code.upper())
        return code if found is None else found.en if language == "en" else found.vi

    def _within(self, code: str, language: str) -> str:
        sentence = self.reason(code, language)
        return code if sentence == code else sentence[0].lower() + sentence[1:].rstrip(".")


def _read(*parts: str) -> dict[str, object]:
    place: Traversable = resources.files("archive_service.regulations").joinpath("data", *parts)
    return tomllib.loads(place.read_text(encoding="utf-8"))


TT_02, TT_05, ND_30, ND_01 = "tt-02-2019-bnv", "tt-05-2025-bnv", "nd-30-2020", "nd-01-2013"


@cache
def load() -> Rules:
    """Read every table, once a process. Raises pydantic's ValidationError when one is not as it must be."""
    tables: dict[str, object] = {
        "instruments": [_read(each, "instrument.toml") for each in (TT_02, TT_05, ND_30, ND_01)],
        "field_tables": {
            each: _read(TT_02, f"{each}.toml")["field"] for each in ("fonds", "dossier", "document")
        },
        "supplements": _read("supplements.toml"),
        "code_lists": _read(TT_05, "codes.toml")["list"],
        "access": _read(TT_02, "access.toml"),
        "retention": _read(TT_02, "retention.toml"),
        "document_types": _read(ND_30, "document_types.toml")["type"],
        "office_hours": _read("office_hours.toml"),
        "messages": _read("messages.toml"),
        **_read("destruction.toml"),
        **_read("incident_reports.toml"),
        "signature_reasons": _read("signature_reasons.toml"),
        **_read("formats.toml"),
    }
    return Rules.model_validate(tables)
