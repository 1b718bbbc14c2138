"""Retention terms: for ever, a number of years, or words that only a person can judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permanent:
    pass


@dataclass(frozen=True, slots=True)
class Years:
    years: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Never due by itself: "until replaced", "5 years after the contract ends", a bare code, or nothing at all."""

    raw: str


Term = Permanent | Years | Unknown
