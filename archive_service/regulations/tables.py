"""The shapes of the tables below `data/`. An unknown key in a table stops the start: a misspelt rule is no rule."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from archive_service.kernel.findings import Finding, Severity


class Certainty(StrEnum):
    """How sure a fact of law is. Only what was read in the official wording is `text`."""

    text = "text"
    second_hand = "second-hand"
    unsure = "unsure"
    own = "own"
    """Not law: what this archive itself needs to do its work."""


class Obligation(StrEnum):
    required = "required"
    optional = "optional"


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Instrument(Table):
    """A law, decree or circular. `in_force_to` is the first day on which it no longer applies."""

    id: str
    title_vi: str
    title_en: str
    in_force_from: date
    in_force_to: date | None = None
    certainty: Certainty
    regime: str | None = None
    """The name of the metadata regime that begins with this instrument, kept on every dossier."""

    def in_force(self, on: date) -> bool:
        return self.in_force_from <= on and (self.in_force_to is None or on < self.in_force_to)


class Field(Table):
    """One metadata field: the law's tag with its type, greatest length, obligation, and how sure each is."""

    tag: str
    name_vi: str
    name_en: str
    type: Literal["text", "number", "date"]
    length: int | None = None
    """Characters for a text, digits for a number; None has no limit."""
    obligation: Obligation = Obligation.optional
    obligation_certainty: Certainty = Certainty.unsure
    certainty: Certainty = Certainty.second_hand
    clause: str
    part_of: str | None = None
    also_written: tuple[str, ...] = ()
    """Tags that other systems use for the same field: read as this one."""


class Code(Table):
    """One value of a code list, with the words that mean it in packages of older systems."""

    code: str
    vi: str
    en: str


class CodeList(Table):
    id: str
    clause: str
    certainty: Certainty
    codes: tuple[Code, ...]


class AccessWords(Table):
    """How the raw strings of Rights and Mode are read. What stands in no list is closed until an officer maps it."""

    clause: str
    certainty: Certainty
    public: tuple[str, ...]
    conditional: tuple[str, ...]
    closed: tuple[str, ...]
    secret: tuple[str, ...]
    secret_words: tuple[str, ...]
    """One of these words anywhere in the value declares a secret."""
    secret_phrases: tuple[str, ...]
    """The same of several words; these count even where a phrase of `not_secret` is part of them."""
    not_secret: tuple[str, ...]
    """Phrases that hold such a word and declare no secret: they are left out before looking."""


class RetentionWords(Table):
    clause: str
    certainty: Certainty
    permanent: tuple[str, ...]
    year_words: tuple[str, ...]
    most_years: int


class DestructionLaw(Table):
    """What a destruction that is decided from that day on stands on, and the words of that law."""

    in_force_from: date
    clause: str
    certainty: Certainty
    list_name: str
    list_name_en: str
    council: str
    days_to_execute: int | None = None
    """From the decision; None where no limit was found."""


class IncidentRule(Table):
    """Who is told of an incident. `hours` from its discovery; None where the clause names no time."""

    id: str
    to: Literal["superior", "authority"]
    province: str = ""
    in_force_from: date
    from_level: int = 1
    hours: int | None = None
    clause: str
    certainty: Certainty


class DocumentType(Table):
    name: str
    abbreviation: str = ""
    """Empty where the law gives the symbol no type part (Công văn, Thư công)."""


class FormatPolicy(Table):
    """What the archive does with a file of this PRONOM identifier."""

    puid: str
    name: str
    verdict: Literal["accepted", "warn", "refuse"]
    clause: str
    certainty: Certainty


class Message(Table):
    """What a finding says. The sentences take `{path}`, `{got}` and `{expected}`."""

    severity: Severity
    clause: str = ""
    clause_en: str = ""
    vi: str
    en: str
    remedy_vi: str
    remedy_en: str
    words: dict[str, tuple[str, str]] = {}
    """What `got` or `expected` may hold as a word of ours: the word → Vietnamese, English."""

    def word(self, value: str, language: str) -> str:
        vi, en = self.words.get(value, (value, value))
        return en if language == "en" else vi

    def told(self, finding: Finding, language: str) -> str:
        """The sentence filled with what was found."""
        got, expected = (self.word(each, language) for each in (finding.got, finding.expected))
        template = self.en if language == "en" else self.vi
        return template.format(path=finding.path, got=got, expected=expected)


class Reason(Table):
    """Why a signature has its verdict, as a whole sentence."""

    vi: str
    en: str


class OfficeHours(Table):
    """Working time of the receiving agency: the table's, or what the settings say in its place. `days`: 1 is Monday."""

    clause: str
    certainty: Certainty
    days: tuple[int, ...]
    spans: tuple[tuple[time, time], ...]
    holidays: tuple[str, ...]
    """Days off of every year as DD/MM."""
    lunar_holidays: tuple[str, ...]
    """The same by the lunar calendar; day 00 is the last day of the month before."""
    closed_days: frozenset[str] = frozenset()
    """Single days off as DD/MM/YYYY, of the agency alone."""
    working_days: frozenset[str] = frozenset()
    """Single days worked although the week or a holiday says otherwise."""
